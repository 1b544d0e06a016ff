// vega dataset pack, and what other verbs of vega dataset do with a pack.

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tasks/training/pack_plan.h"

namespace CLI {
class App;
}  // namespace CLI

namespace vega {

// As the flags of vega dataset pack, see its --help.
struct PackFlags {
  std::vector<std::string> files;
  std::string out;
  PackOptions options;
  bool resume = false;
};

// Exit code of the verb. Throws Error.
int RunPack(const PackFlags& flags, std::atomic<bool>& stop);

// Declares the flags; what runs once they are parsed.
std::function<int()> AddPackFlags(CLI::App& verb);

int PrintPack(const std::filesystem::path& folder, bool json);
int ValidatePack(const std::filesystem::path& folder, bool json);

}  // namespace vega
