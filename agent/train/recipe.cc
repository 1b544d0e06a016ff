// Recipes from JSON.

#include "agent/train/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/fusion.h"
#include "agent/json_fields.h"
#include "agent/vega_agent.h"
#include "agent/vision_encoder.h"
#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {

template <class V>
void Fields(V& v, OptimizerOptions& o) {
  v("method", o.method), v("lr", o.lr), v("final_lr", o.final_lr), v("warmup", o.warmup);
  v("beta1", o.beta1), v("beta2", o.beta2), v("weight_decay", o.weight_decay);
  v("clip", o.clip), v("ema", o.ema);
}

template <class V>
void Fields(V& v, AugmentationOptions& o) {
  v("shift", o.shift), v("brightness", o.brightness), v("contrast", o.contrast);
  v("saturation", o.saturation), v("proprio_noise", o.proprio_noise);
  v("proprio_dropout", o.proprio_dropout);
}

template <class V>
void Fields(V& v, VaeStageOptions& o) {
  v("mse", o.mse), v("kl", o.kl), v("clips", o.clips), v("decoder_only", o.decoder_only);
}

template <class V>
void Fields(V& v, WorldStageOptions& o) {
  v("shift", o.shift), v("prompt_dropout", o.prompt_dropout);
  v("single_frames", o.single_frames), v("continued", o.continued);
  v("from_block", o.from_block), v("sampler_steps", o.sampler_steps), v("draws", o.draws);
}

template <class V>
void Fields(V& v, SemanticStageOptions& o) {
  v("language", o.language), v("segmentation", o.segmentation);
}

template <class V>
void Fields(V& v, PolicyStageOptions& o) {
  v("train_semantic", o.train_semantic), v("semantic_lr", o.semantic_lr);
  v("gripper", o.gripper), v("roles", o.roles), v("points", o.points);
  v("features", o.features), v("paraphrases", o.paraphrases);
}

template <class V>
void Fields(V& v, EvaluationPlan& o) {
  v("every", o.every), v("suites", o.suites), v("tasks", o.tasks);
  v("episodes", o.episodes);
}

template <class V>
void Fields(V& v, StageOptions& o) {
  v("stage", o.stage), v("packs", o.packs), v("batch", o.batch), v("steps", o.steps);
  v("precision", o.precision), v("optimizer", o.optimizer);
  v("augmentation", o.augmentation), v("report_every", o.report_every);
  v("validate_every", o.validate_every), v("validation_batches", o.validation_batches);
  v("save_every", o.save_every), v("vae", o.vae), v("world", o.world);
  v("semantic", o.semantic), v("policy", o.policy), v("evaluation", o.evaluation);
}

// without "stages", whose entries are read one by one so that errors name them
template <class V>
void Fields(V& v, Recipe& o) {
  v("name", o.name), v("description", o.description), v("seed", o.seed), v("out", o.out);
  v("store", o.store), v("init", o.init), v("init_parts", o.init_parts);
  v("keep_init", o.keep_init), v("agent", o.agent), v("data", o.data);
}

namespace {

constexpr std::array kStages = {"vae", "world", "semantic", "policy"};

void Check(const StageOptions& o, const std::string& where) {
  const auto require = [&](bool holds, const char* key, const char* wanted) {
    if (!holds) throw Error(fmt::format("{}.{} is not usable", where, key), wanted);
  };
  const auto share = [](double x) { return x >= 0 && x <= 1; };
  require(std::find(kStages.begin(), kStages.end(), o.stage) != kStages.end(), "stage",
          "stages: vae, world, semantic, policy");
  require(!o.packs.empty(), "packs", "name at least one folder of vega dataset pack");
  require(o.batch >= 1 && o.steps >= 0, "batch or steps", "batch >= 1, steps >= 0");
  require(o.precision == "fp32" || o.precision == "bf16", "precision", "fp32 or bf16");
  require(o.report_every >= 1 && o.validate_every >= 1 && o.save_every >= 1 &&
              o.validation_batches >= 1,
          "report_every, validate_every, save_every or validation_batches", "each at least 1");
  const OptimizerOptions& a = o.optimizer;
  require(a.method == "adamw" || a.method == "muon", "optimizer.method", "adamw or muon");
  require(a.lr > 0 && a.warmup >= 0 && share(a.final_lr) && a.clip >= 0 && a.weight_decay >= 0,
          "optimizer", "lr > 0, final_lr in [0,1], warmup, clip and weight_decay >= 0");
  require(a.beta1 >= 0 && a.beta1 < 1 && a.beta2 >= 0 && a.beta2 < 1 && a.ema >= 0 && a.ema < 1,
          "optimizer", "beta1, beta2 and ema lie in [0,1)");
  require(o.augmentation.shift >= 0 && share(o.augmentation.proprio_dropout), "augmentation",
          "shift >= 0, proprio_dropout in [0,1]");
  require(share(o.vae.clips), "vae.clips", "a share in [0,1]");
  require(share(o.world.prompt_dropout) && share(o.world.single_frames) &&
              share(o.world.continued) && o.world.shift > 0,
          "world", "shares in [0,1], shift > 0");
  require(o.world.from_block >= 0 && o.world.sampler_steps >= 1 && o.world.draws >= 1,
          "world.from_block, world.sampler_steps or world.draws",
          "from_block >= 0, sampler_steps >= 1, draws >= 1");
  require(o.policy.paraphrases >= 0 && o.policy.paraphrases <= 1000, "policy.paraphrases",
          "0 to 1000");
  require(o.policy.features == "model" || o.policy.features == "random-init" ||
              o.policy.features == "noise-only",
          "policy.features", "model, random-init or noise-only");
}

}  // namespace

Recipe ReadRecipe(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const auto json = nlohmann::json::parse(mapped.text(), nullptr, /*allow_exceptions=*/false);
  return RecipeFromJson(json, file.string());
}

Recipe RecipeFromJson(const nlohmann::json& json, const std::string& where) {
  if (!json.is_object()) throw Error(fmt::format("{} is not a JSON object", where));
  auto fields = json;
  const auto stages = json.find("stages");
  fields.erase("stages");
  auto recipe = ReadFields<Recipe>(fields, where);
  if (stages == json.end() || !stages->is_array() || stages->empty()) {
    throw Error(fmt::format("{} has no stages", where), "\"stages\" is a list of at least one");
  }
  for (size_t i = 0; i < stages->size(); ++i) {
    const std::string stage = fmt::format("{}: stages[{}]", where, i);
    recipe.stages.push_back(ReadFields<StageOptions>((*stages)[i], stage));
    Check(recipe.stages.back(), stage);
  }
  for (const std::string& part : recipe.init_parts) {
    if (part == "world" || part == "semantic" || part == "policy") continue;
    throw Error(fmt::format("{}: init_parts names '{}'", where, part),
                "parts: world, semantic, policy");
  }
  if (!(recipe.keep_init >= 0 && recipe.keep_init <= 1) ||
      (recipe.keep_init > 0 && recipe.init.empty())) {
    throw Error(fmt::format("{}: keep_init is {}", where, recipe.keep_init),
                "a share in [0,1], of a recipe with init");
  }
  if (recipe.store != "f32" && recipe.store != "f16") {
    throw Error(fmt::format("{}: store is '{}'", where, recipe.store), "f32 or f16");
  }
  if (recipe.out.empty()) recipe.out = "runs/" + recipe.name;
  AgentOf(recipe);
  return recipe;
}

nlohmann::json ToJson(const Recipe& recipe) {
  nlohmann::json json = WriteFields(recipe);
  json["stages"] = nlohmann::json::array();
  for (const StageOptions& stage : recipe.stages) json["stages"].push_back(ToJson(stage));
  return json;
}

nlohmann::json ToJson(const StageOptions& stage) { return WriteFields(stage); }

CheckpointConfig AgentOf(const Recipe& recipe) {
  nlohmann::json config = ToJson(VegaTinyConfig());
  config.merge_patch(recipe.agent);
  config["name"] = recipe.name;
  config["weights_seed"] = recipe.seed;
  auto agent = CheckpointConfigFromJson(config, fmt::format("agent of recipe {}", recipe.name));
  // throw for a method or a gate there is not, and for levels that do not fit
  const FeatureFusion fusion(agent.model.fusion);
  MakeVisionEncoder(agent.model.semantic);
  return agent;
}

}  // namespace vega
