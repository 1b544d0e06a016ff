// Where data fetched by the bootstrap script lies: $VEGA_HOME, by default ~/.cache/vega.

#pragma once

#include <filesystem>

namespace vega {

struct DataPaths {
  std::filesystem::path libero;     // holds bddl_files/, init_files/, benchmark/
  std::filesystem::path assets;     // holds articulated_objects/, scenes/, textures/, ...
  std::filesystem::path robosuite;  // robosuite's models/assets: robots/, grippers/, mounts/
  std::filesystem::path minilm;     // holds model.safetensors, vocab.txt
};

// $VEGA_HOME or ~/.cache/vega.
std::filesystem::path VegaHome();
// The data folders under VegaHome(); does not check that they exist.
DataPaths Data();

// The folder assets/ of this program: tables, recipes and weights of our own.
std::filesystem::path OwnAssets();

}  // namespace vega
