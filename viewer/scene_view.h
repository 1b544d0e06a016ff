// A 3-D picture in the window: draws a snapshot into a rectangle of it and moves its camera by
// MuJoCo's conventions.

#pragma once

#include <mujoco/mujoco.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/model.h"
#include "sim/render_model.h"
#include "viewer/snapshot.h"

namespace vega {

// What of a model lies in GL's memory; views of one model share it. Needs the window's OpenGL
// context to be current, for as long as it lives.
class SceneResources {
 public:
  explicit SceneResources(ModelPtr model);
  ~SceneResources();
  SceneResources(const SceneResources&) = delete;
  SceneResources& operator=(const SceneResources&) = delete;

  const ModelPtr& model() const { return model_; }
  // What draws a scene that was updated with these options: visual geoms by simplified meshes, of
  // which the scene is given those its distance allows, or else every mesh as it is, hulls too.
  const mjrContext& Prepare(const mjvOption& options, int height, mjvScene& scene) const;

 private:
  ModelPtr model_;
  RenderModel drawn_;
  mjrContext visual_;
  mutable std::optional<mjrContext> whole_;  // made when first asked for
};

// What the mouse points at.
struct Picked {
  int body = 0;                   // id, > 0
  std::array<double, 3> point{};  // m, world
};

// What is drawn besides the scene.
struct Overlays {
  bool goal_regions = true;
  bool action_chunk = true;  // where the policy's last answer would take the gripper
};

class SceneView {
 public:
  explicit SceneView(std::shared_ptr<const SceneResources> resources);
  ~SceneView();
  SceneView(const SceneView&) = delete;
  SceneView& operator=(const SceneView&) = delete;

  // Takes over the snapshot's state, or that before one of its sub-steps.
  void Show(const SnapshotPtr& snapshot, int substep = -1);
  // Draws into a rectangle of the window's framebuffer; pixels, from the bottom left.
  void Draw(const mjrRect& viewport, const Overlays& overlays);
  // Draws what one of the model's cameras sees there, without overlays and marks.
  void DrawCamera(const mjrRect& viewport, int camera);
  // Moves the free camera; dx, dy in heights of the rectangle.
  void MoveCamera(mjtMouse action, double dx, double dy);
  // What is drawn at x, y in [0,1] of the rectangle, from the bottom left.
  std::optional<Picked> Pick(double x, double y, double aspect) const;

  // Fixed cameras by index; -1 is the free camera, -2 the free camera following a body.
  int camera() const;
  void SetCamera(int index);
  void Track(int body);
  int tracked() const { return camera_.type == mjCAMERA_TRACKING ? camera_.trackbodyid : -1; }
  const mjvCamera& pose() const { return camera_; }
  void SetPose(const mjvCamera& camera) { camera_ = camera; }

  // The body under the mouse's hold; drawn, and what Session::SetPush takes.
  mjvPerturb& push() { return push_; }
  // Begins to hold a body where it was picked.
  void Hold(const Picked& picked);
  void MoveHeld(mjtMouse action, double dx, double dy);
  // Where a free body would be put by the hold: its qpos address and pose; nothing for others.
  struct Placed {
    int qposadr;
    std::array<double, 7> pose;  // m, then w,x,y,z
  };
  std::optional<Placed> HeldPose();
  void Release();

  mjvOption& options() { return options_; }
  mjvScene& scene() { return scene_; }
  const mjModel& model() const { return view_.get(); }
  const mjData& data() const { return *data_; }

 private:
  // Turns the free camera to the workspace below the gripper, m, world frame.
  void AimAt(const std::array<double, 3>& eef_pos);

  std::shared_ptr<const SceneResources> resources_;
  SnapshotPtr shown_;
  bool aimed_ = false;  // once, at the first state shown
  ModelView view_;
  mjData* data_ = nullptr;
  mjvScene scene_;
  mjvOption options_;
  mjvCamera camera_;
  mjvPerturb push_;
};

}  // namespace vega
