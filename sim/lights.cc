#include "sim/lights.h"

namespace vega {

void ChangeLights(mjModel& model, double brightness, const std::array<double, 3>& tint) {
  for (int i = 0; i < 3 * model.nlight; ++i) {
    model.light_diffuse[i] = static_cast<float>(model.light_diffuse[i] * brightness * tint[i % 3]);
  }
}

}  // namespace vega
