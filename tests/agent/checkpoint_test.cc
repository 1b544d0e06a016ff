// Checkpoints come back as they were saved, and nothing else is accepted.

#include "agent/checkpoint.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "agent/tensor_file.h"
#include "agent/vega_agent.h"
#include "policies/vega_policy.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("vega_checkpoint_" + std::to_string(getpid()));
  Folder() { fs::remove_all(path), fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

CheckpointConfig SmallConfig() {
  CheckpointConfig config = VegaTinyConfig();
  config.model.vae.dim = 4;
  config.model.dit.num_layers = 3;
  config.weights = "a test";
  return config;
}

void EditJson(const fs::path& file, const std::function<void(nlohmann::json&)>& edit) {
  nlohmann::json json = nlohmann::json::parse(MappedFile(file).text());
  edit(json);
  AtomicFile out(file);
  out.Write(json.dump());
  out.Commit();
}

TEST_CASE("A checkpoint comes back as it was saved, in place of an older one") {
  const Folder folder;
  const fs::path target = folder.path / "run";
  const CheckpointConfig config = SmallConfig();
  VegaAgent saved(config), loaded(config);
  InitializeWeights(*saved, 4);
  for (int times = 0; times < 2; ++times) {
    SaveCheckpoint(target, config, *saved);
    CHECK(ToJson(ReadCheckpointConfig(target)) == ToJson(config));
    LoadCheckpointWeights(target, *loaded);
    const TensorMap a = NamedTensors(*saved), b = NamedTensors(*loaded);
    REQUIRE(a.size() == b.size());
    for (const auto& [key, tensor] : a) CHECK(tensor.equal(b.at(key)));
    saved->head->parameters()[0].add_(1);
  }
  // nothing is left beside it
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("A missing, extra or misshaped tensor is one clear line, and changes nothing") {
  const Folder folder;
  const CheckpointConfig config = SmallConfig();
  VegaAgent agent(config);
  InitializeWeights(*agent, 4);
  const TensorMap good = NamedTensors(*agent);
  const auto refused = [&](TensorMap tensors, const std::string& what) {
    VegaAgent target(config);
    InitializeWeights(*target, 5);
    const at::Tensor before = target->head->parameters()[0].clone();
    WriteTensors(folder.path / "model.safetensors", tensors);
    CHECK_THROWS_WITH(LoadCheckpointWeights(folder.path, *target),
                      Catch::Contains(what) && !Catch::Contains("\n"));
    CHECK(target->head->parameters()[0].equal(before));
  };
  TensorMap bad = good;
  bad.erase("head.queries");
  refused(bad, "'head.queries' missing");
  bad = good;
  bad["head.extra"] = at::zeros({1});
  refused(bad, "'head.extra' not part of the model");
  bad = good;
  bad["head.queries"] = at::zeros({8, 3});
  refused(bad, "'head.queries' is [8,3], the model wants [9,96]");
  bad = good;
  bad["head.queries"] = at::zeros({9, 96}, at::kInt);
  refused(bad, "'head.queries' is Int");
  bad = good;
  bad["head.queries"] = good.at("head.queries").to(at::kBFloat16);  // converted on loading
  WriteTensors(folder.path / "model.safetensors", bad);
  CHECK_NOTHROW(LoadCheckpointWeights(folder.path, *agent));
}

TEST_CASE("A checkpoint says how many actions of a chunk are played") {
  const Folder folder;
  CheckpointConfig config = SmallConfig();
  config.contract.open_loop = 3;
  SaveCheckpoint(folder.path / "run", config, *VegaAgent(config));
  CHECK(OpenVegaPolicy((folder.path / "run").string()).open_loop == 3);
}

TEST_CASE("A contract that is not ours, or does not fit, is refused") {
  const Folder folder;
  const fs::path target = folder.path / "run", file = target / "config.json";
  const CheckpointConfig config = SmallConfig();
  VegaAgent agent(config);
  const auto refused = [&](const std::function<void(nlohmann::json&)>& edit,
                           const std::string& what) {
    SaveCheckpoint(target, config, *agent);
    EditJson(file, edit);
    CHECK_THROWS_WITH(ReadCheckpointConfig(target), Catch::Contains(what));
  };
  refused([](auto& j) { j["contract"]["orientation"] = "row-0-bottom"; }, "'row-0-bottom'");
  refused([](auto& j) { j["contract"]["render_quality"] = "blurred"; }, "'blurred'");
  refused([](auto& j) { j["contract"]["colour"] = "bgr"; }, "unknown key 'colour'");
  refused([](auto& j) { j["model"]["dit"]["width"] = 1; }, "unknown key 'width'");
  refused([](auto& j) { j["model"]["dit"]["dim"] = "96"; }, "dit.dim has the wrong type");
  refused(
      [](auto& j) {
        j["contract"]["action_q01"] = {0, 0};
      },
      "size of contract.action_q01 is 2, head.action_dim is 7");
  refused([](auto& j) { j["contract"]["open_loop"] = 9; },
          "contract.open_loop is 9, contract.chunk_length is 8");
  refused([](auto& j) { j["contract"]["cameras"] = {"agentview"}; },
          "number of contract.cameras is 1, head.num_cameras is 2");
  refused(
      [](auto& j) {
        j["contract"]["chunk_length"] = 16;
        j["contract"]["clip_stride"] = 0;
      },
      "contract.chunk_length is 16, head.chunk_length is 8; contract.clip_stride is 0");
  refused([](auto& j) { j["format"] = "other"; }, "not a vega checkpoint");
  CHECK_THROWS_AS(ReadCheckpointConfig(folder.path / "nowhere"), Error);
  CHECK_THROWS_AS(SaveCheckpoint("/proc/vega/run", config, *agent), Error);
}

TEST_CASE("Presets round-trip through JSON") {
  for (const char* name : {"vega-tiny", "vega3d-main", "vega3d-sr"}) {
    const nlohmann::json json = ToJson(ModelPreset(name));
    CHECK(ToJson(VegaModelOptionsFromJson(json, "config")) == json);
  }
  CHECK(ModelPreset("vega3d-main").block == 20);
  CHECK(ModelPreset("vega3d-sr").block == 29);
  CHECK_THROWS_WITH(ModelPreset("vega-huge"), Catch::Contains("unknown model 'vega-huge'"));
}

}  // namespace
}  // namespace vega
