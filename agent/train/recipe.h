// What `vega train` is told: an agent and the stages that train its parts, as one JSON file. Plain
// structs, no torch; absent keys keep the defaults below.

#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/checkpoint.h"

namespace vega {

// AdamW (Loshchilov and Hutter, 2019): linear warm-up, then a cosine down to `final_lr`.
struct OptimizerOptions {
  std::string method = "adamw";  // or "muon": inner matrices' updates orthogonalised, see Optimizer
  double lr = 3e-4;
  double final_lr = 0.02;  // at the last step, as a share of lr
  int64_t warmup = 200;    // steps
  double beta1 = 0.9, beta2 = 0.99;
  double weight_decay = 0.01;  // of parameters of two dimensions and more
  double clip = 1.0;           // largest norm of all gradients together; 0: any
  double ema = 0.999;          // decay of the averaged weights, which are what a stage gives out
};

// What is done to training pictures and proprio, never to held-out ones.
struct AugmentationOptions {
  int64_t shift = 0;           // pixels, largest shift along each axis; edges are repeated
  double brightness = 0;       // largest change of the mean, pixels in [-1,1]
  double contrast = 0;         // largest change of the factor about the mean
  double saturation = 0;       // the same about each pixel's grey
  double proprio_noise = 0;    // standard deviation, normalised proprio
  double proprio_dropout = 0;  // share of samples whose proprio is zeroed
};

// Video VAE: L1 + mse (x - y)^2 + kl KL(q || N(0, 1)).
struct VaeStageOptions {
  double mse = 1.0;
  double kl = 1e-6;
  // Share of steps that train on whole clips; the others see single frames, which cost less.
  double clips = 0.25;
  // Only the decoder learns, from the latents' means. Encoder and normalisation stay as they are,
  // and with them all that was trained on latents before.
  bool decoder_only = false;
};

// Video DiT by flow matching (Lipman et al., 2023; as Wan2.1): x_t = (1 - s) x_0 + s noise, the
// model gives noise - x_0; s from a uniform draw through the schedule's shift.
struct WorldStageOptions {
  double shift = 3.0;
  double prompt_dropout = 0.5;  // share of samples shown the empty prompt, which features use
  double single_frames = 0.5;   // share of steps on single frames
  double continued = 0.5;       // share of the clips whose first latent is given
  // Blocks before this one stay as they are, and with them the features that policies were trained
  // on; the others and the head learn.
  int64_t from_block = 0;
  // Euler steps in which held-out clips are continued, and how many continuations, each from noise
  // of its own, are averaged. One step and some draws give about the mean of what may come.
  int64_t sampler_steps = 20, draws = 1;
};

// Semantic encoder: sigmoid language-image loss (Zhai et al., 2023) against instructions, and each
// token's 4x4 cells against the names of what fills them.
struct SemanticStageOptions {
  double language = 0.1;
  double segmentation = 1.0;
};

// Policy: L1 of the chunk (or flow matching, see ActionHeadOptions), the gripper's sign as a
// classification, and what only training knows: where the object and the goal are.
struct PolicyStageOptions {
  bool train_semantic = true;      // the semantic encoder learns on
  double semantic_lr = 0.3;        // its rate, as a share of lr
  double gripper = 0.2;            // weight of the gripper's cross-entropy
  double roles = 0.1;              // tokens tell which cells the object and the goal fill
  double points = 0.1;             // and where they are, in metres from the robot's base
  int64_t paraphrases = 0;         // other wordings of each instruction (agent/train/paraphraser.h)
  std::string features = "model";  // generative tokens of: model | random-init | noise-only
};

// Episodes played with the averaged weights while a policy trains.
struct EvaluationPlan {
  int64_t every = 0;  // steps; 0: never
  std::vector<std::string> suites;
  std::string tasks;  // of each, e.g. "0,3-5"; empty: all
  int episodes = 1;   // initial states a task
};

struct StageOptions {
  std::string stage;               // vae | world | semantic | policy
  std::vector<std::string> packs;  // folders of `vega dataset pack`, below the data folder
  int64_t batch = 64;
  int64_t steps = 1000;            // 0: looks at the held-out samples and learns nothing
  std::string precision = "fp32";  // fp32 | bf16: matrix products under autocast
  OptimizerOptions optimizer;
  AugmentationOptions augmentation;
  int64_t report_every = 20;     // steps between two lines of metrics.jsonl
  int64_t validate_every = 500;  // steps
  int64_t validation_batches = 8;
  int64_t save_every = 500;  // steps
  VaeStageOptions vae;
  WorldStageOptions world;
  SemanticStageOptions semantic;
  PolicyStageOptions policy;
  EvaluationPlan evaluation;
};

struct Recipe {
  std::string name = "run";
  std::string description;
  uint64_t seed = 0;
  std::string out;            // folder; empty: runs/NAME
  std::string store = "f32";  // of OUT/model, what is given out: f32 | f16
  std::string init;  // checkpoint folder the first stage starts from; empty: weights of the seed
  // What is taken from it, options and weights: "world" (VAE, DiT, prompt), "semantic" (encoder),
  // "policy" (projectors, fusion, head).
  std::vector<std::string> init_parts = {"world", "semantic", "policy"};
  // Share that the weights it started from have in OUT/model, which is the mean of both, weight by
  // weight (WiSE-FT; Wortsman et al., 2022): what is learnt anew costs less of what was known.
  double keep_init = 0;
  nlohmann::json agent = nlohmann::json::object();  // of config.json, laid over vega-tiny's
  // How its packs are made where they are missing; read by the program, see docs/TRAINING.md.
  nlohmann::json data = nlohmann::json::array();
  std::vector<StageOptions> stages;
};

// Throws Error naming the file and the first thing wrong with it.
Recipe ReadRecipe(const std::filesystem::path& file);
// The same of an object; `where` names it in errors.
Recipe RecipeFromJson(const nlohmann::json& json, const std::string& where);
nlohmann::json ToJson(const Recipe& recipe);
nlohmann::json ToJson(const StageOptions& stage);

// The recipe's agent, complete. Throws Error when its parts do not fit.
CheckpointConfig AgentOf(const Recipe& recipe);

}  // namespace vega
