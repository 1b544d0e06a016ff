// Cameras on a sphere around what the scene camera looks at.

#include "tasks/scene_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/camera.h"
#include "tasks/environment.h"
#include "tasks/scene/geom_categories.h"

namespace vega {
namespace {

constexpr char kSceneCamera[] = "agentview", kRobotBase[] = "robot0_base";
constexpr double kDegrees = 180 / std::numbers::pi;

// a camera of the sphere
struct Place {
  double azimuth, elevation;  // degrees
  double distance;            // m
};

// What the scene camera looks at, and the place on the sphere about it where that camera stands.
struct Sphere {
  std::array<double, 3> centre{};  // m, world
  Place camera{};
};

void ResetTo(Environment& environment, int init) {
  const auto& states = environment.task().init_states();
  const auto sampler = environment.task().NewResetSampler();
  sampler->Seed(0);
  if (states.empty() && init == 0) return environment.Reset(sampler->Sample(), {});
  if (init < 0 || init >= static_cast<int>(states.size())) {
    throw Error(fmt::format("no initial state {} in {}", init, environment.task().info().name),
                fmt::format("it has {}, counted from 0", states.size()));
  }
  environment.Reset(sampler->Sample(), states[init]);
}

Sphere FindSphere(const Scene& scene, EglRenderer& renderer, const std::string& task) {
  mjvCamera fixed;
  mjv_defaultCamera(&fixed);
  fixed.type = mjCAMERA_FIXED;
  fixed.fixedcamid = FindCamera(scene.model(), kSceneCamera).id;
  constexpr int kPixels = 63;  // odd: the middle pixel looks along the axis
  const DepthView view = renderer.RenderDepth(scene, fixed, kPixels, kPixels);
  const double depth = view.depth[kPixels * (kPixels / 2) + kPixels / 2];
  if (depth <= 0) {
    throw Error(fmt::format("the camera {} of {} looks at nothing", kSceneCamera, task));
  }
  Sphere sphere;
  sphere.centre = view.camera.Unproject(kPixels / 2, kPixels / 2, depth);
  const auto& r = view.camera.rotation;  // its third column is the direction of view
  sphere.camera.distance = depth;
  sphere.camera.azimuth = std::atan2(r[5], r[2]) * kDegrees;
  sphere.camera.elevation = std::asin(r[8]) * kDegrees;
  return sphere;
}

}  // namespace

SeenScene SceneViews(const std::shared_ptr<const Task>& task, const SceneViewOptions& options,
                     EglRenderer& renderer) {
  Environment environment(task, {}, nullptr);
  ResetTo(environment, options.init);
  const Scene& scene = environment.scene();
  const TaskInfo& info = task->info();
  const Sphere sphere = FindSphere(scene, renderer, info.name);
  RandomStream random(options.seed, fmt::format("views/{}/{}", info.suite, info.name));

  SeenScene seen;
  const mjModel& model = scene.model();
  const int base = mj_name2id(&model, mjOBJ_BODY, kRobotBase);
  if (base < 0) throw Error(fmt::format("no body {} in {}", kRobotBase, info.name));
  std::copy_n(scene.data().xpos + 3 * base, 3, seen.base_position.begin());
  std::copy_n(scene.data().xmat + 9 * base, 9, seen.base_rotation.begin());
  seen.geom_categories = GeomCategories(*task);
  for (int v = 0; v < options.views; ++v) {
    // even steps from left to right, each moved within its own
    const double along = 2 * (v + random.Uniform()) / options.views - 1;
    const Place place = {
        sphere.camera.azimuth + along * options.azimuth,
        -random.Uniform(options.elevation_low, options.elevation_high),
        sphere.camera.distance * random.Uniform(options.distance_low, options.distance_high)};
    ViewClip clip;
    for (int back = options.clip_length - 1; back >= 0; --back) {
      const mjvCamera camera = OrbitCamera(
          sphere.centre, place.distance, place.azimuth - back * options.clip_step, place.elevation);
      DepthView view = renderer.RenderDepth(scene, camera, options.size, options.size);
      if (back > 0) {
        clip.earlier.push_back(std::move(view.image));
      } else {
        clip.view = std::move(view);
      }
    }
    seen.clips.push_back(std::move(clip));
  }
  return seen;
}

}  // namespace vega
