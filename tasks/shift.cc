#include "tasks/shift.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <sstream>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/camera.h"
#include "sim/lights.h"
#include "tasks/recolour.h"

namespace vega {
namespace {

constexpr double kAny = std::numeric_limits<double>::max();
constexpr double kBelowOne = 1 - std::numeric_limits<double>::epsilon() / 2;

struct Axis {
  const char* name;
  double Shift::*strength;
  double most = kAny;
  const char* range = "a number from 0";
};
constexpr Axis kAxes[] = {{"camera", &Shift::camera},
                          {"light", &Shift::light, kBelowOne, "a share from 0 to below 1"},
                          {"colour", &Shift::colour, 1, "a share from 0 to 1"},
                          {"robot", &Shift::robot},
                          {"noise", &Shift::noise}};

// a vector of the given length in any direction alike
template <size_t N>
std::array<double, N> Direction(RandomStream& random, double length) {
  std::array<double, N> vector{};
  double square = 0;
  for (double& x : vector) {
    x = random.Normal();
    square += x * x;
  }
  for (double& x : vector) x *= length / std::sqrt(square);
  return vector;
}

RandomStream StreamOf(const ShiftKey& key, const std::string& what, uint64_t index = 0) {
  return {key.seed, "shift/" + what + "/" + key.episode, index};
}

void MoveCameras(const Shift& shift, const ShiftKey& key, mjModel& model) {
  for (int camera = 0; camera < model.ncam; ++camera) {
    if (!IsFixed(model, camera)) continue;
    RandomStream random = StreamOf(key, "camera", camera);
    const auto by = Direction<3>(random, shift.camera), turn = Direction<3>(random, shift.camera);
    MoveCamera(model, camera, by, turn);
  }
}

void ChangeLight(const Shift& shift, const ShiftKey& key, mjModel& model) {
  RandomStream random = StreamOf(key, "light");
  const double brightness = random.Uniform() < 0.5 ? 1 - shift.light : 1 + shift.light;
  ChangeLights(model, brightness, DrawTint(shift.light, random));
}

void MoveArm(const Shift& shift, const ShiftKey& key, Scene& scene) {
  RandomStream random = StreamOf(key, "robot");
  const auto by = Direction<kArmJoints>(random, shift.robot);
  const PandaIndices& robot = scene.robot();
  const mjModel& model = scene.model();
  std::vector<double> row = scene.State();  // time, qpos, qvel
  for (int i = 0; i < kArmJoints; ++i) {
    double& angle = row[1 + robot.qpos[i]];
    angle += by[i];
    for (int joint = 0; joint < model.njnt; ++joint) {
      if (model.jnt_qposadr[joint] != robot.qpos[i] || !model.jnt_limited[joint]) continue;
      angle = std::clamp(angle, model.jnt_range[2 * joint], model.jnt_range[2 * joint + 1]);
    }
  }
  scene.SetState(row);
  SceneState state = scene.Save();
  state.controller.Reset(model, robot, scene.mutable_data());
  scene.Load(state);
}

}  // namespace

Shift ParseShift(const std::string& text) {
  Shift shift;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    const auto* axis = std::find_if(std::begin(kAxes), std::end(kAxes),
                                    [&](const Axis& known) { return name == known.name; });
    if (axis == std::end(kAxes)) {
      throw Error(fmt::format("unknown shift '{}'", part),
                  "shifts: camera, light, colour, robot and noise, as in camera=0.05,light=0.3");
    }
    const std::string number = equals == std::string::npos ? "" : part.substr(equals + 1);
    double value = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() ||
        !(value >= 0 && value <= axis->most)) {
      throw Error(fmt::format("'{}' is no strength of the shift '{}'", number, name), axis->range);
    }
    shift.*axis->strength = value;
  }
  return shift;
}

std::string ToText(const Shift& shift) {
  std::string text;
  for (const Axis& axis : kAxes) {
    const double value = shift.*axis.strength;
    if (value > 0) text += fmt::format("{}{}={}", text.empty() ? "" : ",", axis.name, value);
  }
  return text;
}

void ApplyShift(const Shift& shift, const ShiftKey& key, Scene& scene) {
  if (shift.camera > 0) MoveCameras(shift, key, scene.mutable_model());
  if (shift.light > 0) ChangeLight(shift, key, scene.mutable_model());
  if (shift.colour > 0) {
    RandomStream random = StreamOf(key, "colour");
    Recolour(scene.mutable_model(), shift.colour, random);
  }
  if (shift.robot > 0) MoveArm(shift, key, scene);
}

void AddNoise(const Shift& shift, const ShiftKey& key, const std::string& camera, double time,
              Image& picture) {
  if (shift.noise <= 0) return;
  RandomStream random = StreamOf(key, "noise/" + camera,
                                 static_cast<uint64_t>(std::llround(std::max(time, 0.0) * 1e6)));
  std::vector<float> noise(picture.pixels.size());
  random.FillNormal(noise);
  const auto scale = static_cast<float>(255 * shift.noise);
  for (size_t i = 0; i < noise.size(); ++i) {
    const float value = static_cast<float>(picture.pixels[i]) + scale * noise[i];
    picture.pixels[i] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F)));
  }
}

}  // namespace vega
