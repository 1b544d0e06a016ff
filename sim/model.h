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

// A view of a shared model that owns only the arrays an episode may change: body_pos, body_quat
// (fixtures are placed by a reset), site_rgba (the stove's burner). All other arrays are the base
// model's, so a view costs kilobytes.
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

 private:
  ModelPtr base_;
  mjModel view_;                   // shallow copy of *base_, three pointers replaced
  std::vector<mjtNum> body_pos_;   // (nbody x 3) m
  std::vector<mjtNum> body_quat_;  // (nbody x 4) w,x,y,z
  std::vector<float> site_rgba_;   // (nsite x 4)
};

}  // namespace vega
