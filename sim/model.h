// A compiled MuJoCo model, shared read-only, and one worker's own view of it.

#pragma once

#include <mujoco/mujoco.h>

#include <memory>
#include <string>
#include <vector>

namespace vega {

// A compiled model; deleted with mj_deleteModel.
using ModelPtr = std::shared_ptr<const mjModel>;

// Compiles an MJCF document given as text. Mesh and texture files must be absolute paths. Throws
// Error with MuJoCo's own message and `name` (where the text came from).
ModelPtr CompileMjcf(const std::string& mjcf, const std::string& name);

// The same model bit for bit, from the cache on disk where it lies there: mapped, so that it is
// ready at once and processes share its memory. Else compiles it and puts it there. What it depends
// on is the text, all files the text names, and the version of MuJoCo.
ModelPtr CompileMjcfOnce(const std::string& mjcf, const std::string& name);

// What an episode, a pack, or a person at the window may change of a model. Some ten kilobytes.
struct ModelEdits {
  std::vector<mjtNum> body_pos;      // (nbody x 3) m: fixtures are placed by a reset
  std::vector<mjtNum> body_quat;     // (nbody x 4) w,x,y,z
  std::vector<mjtNum> cam_pos;       // (ncam x 3) m
  std::vector<mjtNum> cam_quat;      // (ncam x 4) w,x,y,z
  std::vector<mjtNum> light_pos;     // (nlight x 3) m
  std::vector<mjtNum> light_dir;     // (nlight x 3)
  std::vector<float> light_diffuse;  // (nlight x 3)
  std::vector<float> site_rgba;      // (nsite x 4): the stove's burner
  std::vector<int> geom_matid;       // (ngeom) -1: no material, so no texture
  std::vector<float> geom_rgba;      // (ngeom x 4)
};

// A view of a shared model that owns only the arrays of ModelEdits. All others are the base
// model's.
class ModelView {
 public:
  explicit ModelView(ModelPtr base);
  ModelView(const ModelView&) = delete;
  ModelView& operator=(const ModelView&) = delete;

  mjModel& get() { return view_; }
  const mjModel& get() const { return view_; }
  const ModelPtr& base() const { return base_; }

  // Back to the compiled values.
  void Restore();
  const ModelEdits& edits() const { return edits_; }
  // Takes over the numbers of a view of the same model. Throws Error when the sizes differ.
  void Load(const ModelEdits& edits);

 private:
  ModelPtr base_;
  mjModel view_;      // shallow copy of *base_, the pointers of edits_ replaced
  ModelEdits edits_;  // written through view_
};

}  // namespace vega
