// MuJoCo's process-wide callbacks.

#include "sim/base/mujoco_handlers.h"

#include <mujoco/mujoco.h>

#include <cstdio>
#include <mutex>
#include <string>

#include "sim/base/error.h"

namespace vega {

void InstallMujocoHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    mju_user_error = [](const char* message) { throw Error(std::string("MuJoCo: ") + message); };
    mju_user_warning = [](const char* message) { std::fprintf(stderr, "MuJoCo: %s\n", message); };
  });
}

}  // namespace vega
