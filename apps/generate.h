// Making problems as a mode does it, for other modes that need some.

#pragma once

#include <atomic>
#include <string>

#include "tasks/generate/generator.h"

namespace vega {

// As the flags of vega generate, see its --help; `generate.folder` and the expert are filled in.
struct GenerateFlags {
  GenerateFlags();

  GenerateOptions generate;
  std::string out;
  std::string sheet;  // empty: no contact sheet
};

// Exit code of the mode; goes on with a folder that holds some of the problems. Throws Error.
int RunGenerate(GenerateFlags flags, std::atomic<bool>& stop);

}  // namespace vega
