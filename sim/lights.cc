#include "sim/lights.h"

namespace vega {
namespace {

constexpr double kTintShare = 0.3;  // of a shift of brightness: how far the colours part

}  // namespace

std::array<double, 3> DrawTint(double strength, RandomStream& random) {
  std::array<double, 3> tint{};
  for (double& value : tint) value = 1 + kTintShare * random.Uniform(-strength, strength);
  return tint;
}

void ChangeLights(mjModel& model, double brightness, const std::array<double, 3>& tint) {
  for (int i = 0; i < 3 * model.nlight; ++i) {
    model.light_diffuse[i] = static_cast<float>(model.light_diffuse[i] * brightness * tint[i % 3]);
  }
}

}  // namespace vega
