// What a generated problem changes beside its BDDL text: camera, light and the robot's start.

#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "sim/robot.h"
#include "sim/scene.h"

namespace vega {

struct Variation {
  std::array<double, 3> camera_shift{};  // m, world, of camera agentview
  double camera_turn = 0;                // rad, about the vertical
  double light = 1;                      // factor of every light's diffuse colour
  std::array<double, kArmJoints> arm{};  // rad, added to the reset's joint angles
};

// The file of a problem's variation: its BDDL file's name with .variation.json.
std::filesystem::path VariationFile(const std::filesystem::path& bddl);

std::string ToText(const Variation& variation);
// Throws Error naming the file when it is unsound.
Variation LoadVariation(const std::filesystem::path& file);

// To be called between Scene::BeginReset and Scene::EndReset.
void Apply(const Variation& variation, Scene& scene);

}  // namespace vega
