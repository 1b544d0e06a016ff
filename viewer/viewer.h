// The window's main loop: a task, a policy and the panels around them.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "policies/policy.h"

namespace vega {

struct ViewerOptions {
  std::string suite = "libero_spatial";
  std::string task = "0";  // index or name
  int init = 0;            // initial state
  uint32_t seed = 0;       // of resets and of the policy
  int width = 1280;        // screen units
  int height = 800;        // screen units
  // Write this PNG after `frames` drawn frames and end; empty: run until the window is closed.
  std::filesystem::path screenshot;
  int frames = 60;
};

// Opens the window and runs until it is closed. `make_policy` makes a fresh policy for each task.
// Throws Error when there is no display, no such task, or the screenshot cannot be written.
void RunViewer(const ViewerOptions& options,
               const std::function<std::unique_ptr<Policy>()>& make_policy);

}  // namespace vega
