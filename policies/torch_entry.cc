// The one symbol that libvega_torch.so is opened for.

#include <torch/version.h>

#include "agent/clip_features.h"
#include "agent/features_bench.h"
#include "agent/probe/correspondence_probe.h"
#include "agent/probe/linear_probe.h"
#include "agent/tower_features.h"
#include "agent/train/trainer.h"
#include "policies/torch_module.h"
#include "policies/vega_policy.h"

extern "C" const vega::TorchModule* VegaTorchModule() {
  static const vega::TorchModule module = {
      .torch_version = TORCH_VERSION,
      .open_policy = &vega::OpenVegaPolicy,
      .extract_features = &vega::ExtractClipFeatures,
      .extract_tower_features = &vega::ExtractTowerFeatures,
      .bench_features = &vega::BenchFeatures,
      .open_correspondence_probe = &vega::OpenCorrespondenceProbe,
      .open_linear_probe = &vega::OpenLinearProbe,
      .read_recipe = &vega::ReadRecipe,
      .recipe_from_json = &vega::RecipeFromJson,
      .train = &vega::Train};
  return &module;
}
