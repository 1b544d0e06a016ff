// The data of a training recipe, made where it is missing: demonstrations collected without
// pictures, then packed. The same as vega collect and vega dataset pack by hand.

#pragma once

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vega {

struct TrainingDataOptions {
  std::filesystem::path folder;
  std::vector<std::string> only;  // names of the packs to make; empty: all
  int workers = 0;                // threads; 0: one a core
};

// `data` is a list of packs:
//
//   {"pack": "base-goal", "samples": 25, "clip": 1,
//    "collect": [{"suite": "libero_goal", "episodes": 15},
//                {"suite": "libero_goal", "episodes": 15, "noise": 0.2, "seed": 1}]}
//
// The other keys are the flags of the two modes: of a pack size, render_quality, clip, stride,
// chunk, samples or every, early_share, early_steps, held_out, camera_jitter, light_jitter,
// recolour, seed; of a collection suite, tasks, episodes, policy, noise, seed, hold, arm_noise,
// exchange, scatter, attempts, takeover, takeover_after, or in place of the suite `generate`,
// `generate_from`, `generate_seed`, `places` and `sizes`: so many problems of vega generate, varied
// from these suites. A pack with a single collection may have its keys beside its own, which then
// share the seed.
//
// Demonstrations go to folder/demos, packs to folder/NAME, problems to folder/problems-COUNTxSEED.
// What is whole is left as it is, what was cut short goes on. Throws Error for an unknown key, and
// for a pack that is there with other options. Returns early when `stop` turns true.
void MakeTrainingData(const nlohmann::json& data, const TrainingDataOptions& options,
                      std::atomic<bool>& stop);

// vega dataset make: the list in a file, or as "data" in a recipe. Exit code of the verb.
int MakeFromList(const std::filesystem::path& list, const TrainingDataOptions& options);

}  // namespace vega
