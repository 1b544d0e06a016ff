// The half of the program that needs LibTorch, as a shared module opened on first use: loading
// LibTorch takes a quarter of a second, which modes and policies without a network should not pay.

#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "policies/registry.h"

namespace vega {

struct ClipFeaturesOptions;
class CorrespondenceProbe;
struct CorrespondenceProbeOptions;
struct FeaturesBench;
class LinearProbe;
struct LinearProbeOptions;
struct FeaturesBenchOptions;
struct TowerFeaturesOptions;
struct Recipe;
struct TrainOptions;
class TrainObserver;

// What the module offers; torch_entry.cc fills it in.
struct TorchModule {
  const char* torch_version;  // e.g. "2.11.0"
  // The policy `name`, "vega-tiny" or a checkpoint folder; as OpenPolicy().
  PolicySource (*open_policy)(const std::string& name, const PolicyOptions& options);
  // See agent/clip_features.h.
  std::string (*extract_features)(const ClipFeaturesOptions& options);
  // See agent/tower_features.h.
  std::string (*extract_tower_features)(const TowerFeaturesOptions& options);
  // See agent/features_bench.h.
  FeaturesBench (*bench_features)(const FeaturesBenchOptions& options);
  // See agent/probe/correspondence_probe.h.
  std::unique_ptr<CorrespondenceProbe> (*open_correspondence_probe)(
      const CorrespondenceProbeOptions& options);
  // See agent/probe/linear_probe.h.
  std::unique_ptr<LinearProbe> (*open_linear_probe)(const LinearProbeOptions& options);
  // See agent/train/recipe.h and trainer.h.
  Recipe (*read_recipe)(const std::filesystem::path& file);
  Recipe (*recipe_from_json)(const nlohmann::json& json, const std::string& where);
  bool (*train)(const TrainOptions& options, TrainObserver& observer,
                const std::atomic<bool>& stop);
};

// True when this build has the module.
bool HasTorchModule();

// Opens the module, once per process; it stays open. Throws Error when this build has none or it
// cannot be loaded.
const TorchModule& OpenTorchModule();

}  // namespace vega
