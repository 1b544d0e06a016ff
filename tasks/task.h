// The task seam: one manipulation task, compiled and immutable, shared by all workers.

#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/model.h"
#include "sim/scene.h"
#include "tasks/scene/scene_composer.h"

namespace vega {

struct TaskInfo {
  std::string suite;        // suite folder name, e.g. libero_spatial
  int index = 0;            // position in the suite's own order
  std::string name;         // file name without .bddl
  std::string instruction;  // language given to policies (from the file name; from the BDDL for
                            // PRO's _lan and _task)
  int horizon = 0;          // control steps a policy has, no-ops not counted
};

// Where a reset puts everything. Drawn in sequence from a ResetSampler; applied to any worker's
// scene.
struct ResetPlacement {
  struct Pose {
    int body = -1;  // body id (fixtures)
    int qposadr =
        -1;         // free joint address (movable objects); exactly one of body and qposadr is >= 0
    double pos[3];  // m, world
    double quat[4];  // as LIBERO stores it (w,x,y,z slots; see libero spec 3.4)
  };
  std::vector<Pose> poses;
  std::vector<std::pair<int, double>> joints;  // qpos address, value (drawers, knob, door)
};

// How starts differ from LIBERO's own (tasks/reset/start_variation.h).
struct StartVariation {
  int exchange = 0;    // >= 0, times that two things trade places
  double scatter = 0;  // m, >= 0, by which an object's place is moved at most, in x and in y

  bool any() const { return exchange > 0 || scatter > 0; }
};

// Draws resets one after another, in LIBERO's order of random numbers. Owns its generator.
class ResetSampler {
 public:
  virtual ~ResetSampler() = default;
  virtual void Seed(uint32_t seed) = 0;
  // The next reset's placement. Throws Error when no valid placement is found.
  virtual ResetPlacement Sample() = 0;
};

// Where something has to be for a goal predicate: a box about a site, or a disc on a body.
struct GoalRegion {
  int site = -1;                      // id; exactly one of site and body is >= 0
  int body = -1;                      // id
  std::array<double, 3> half_size{};  // m, in the site's frame; of a disc its radius, twice, and 0
};

// One goal predicate's truth, for displays.
struct GoalTerm {
  std::string text;  // e.g. "on(akita_black_bowl_1, plate_1)"
  bool value = false;
  std::optional<GoalRegion> region;
};

// The BDDL problem a task was made of, and the scene composed from it (its MJCF text left out).
struct TaskProblem {
  BddlProblem bddl;
  ComposedScene scene;
};

class Task {
 public:
  virtual ~Task() = default;
  virtual const TaskInfo& info() const = 0;
  virtual const ModelPtr& model() const = 0;
  // Fixed initial states, rows of (1+nq+nv): time, qpos, qvel.
  virtual const std::vector<std::vector<double>>& init_states() const = 0;
  virtual std::unique_ptr<ResetSampler> NewResetSampler(const StartVariation& variation) const = 0;
  // LIBERO's own starts.
  std::unique_ptr<ResetSampler> NewResetSampler() const { return NewResetSampler({}); }
  // Applies a placement between Scene::BeginReset and Scene::EndReset.
  virtual void Place(Scene& scene, const ResetPlacement& placement) const = 0;
  // True when every goal predicate holds on the scene's data as the last step left it.
  virtual bool Success(const Scene& scene) const = 0;
  virtual std::vector<GoalTerm> Goal(const Scene& scene) const = 0;
  // Null for a task that no BDDL problem describes.
  virtual const TaskProblem* problem() const { return nullptr; }
  // Updates what LIBERO changes after each step and after SetState (the stove's burner light).
  virtual void PostProcess(Scene& scene) const = 0;
};

}  // namespace vega
