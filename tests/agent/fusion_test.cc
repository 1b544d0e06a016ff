// Each fusion method against its formula, written out here a second time.

#include "agent/fusion.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

constexpr int64_t kDim = 16;

struct Case {
  explicit Case(const std::string& method, double forced_gate = -1)
      : fusion(FusionOptions{
            .method = method, .dim = kDim, .num_heads = 2, .forced_gate = forced_gate}) {
    InitializeWeights(*fusion, 11);
    weights = NamedTensors(*fusion);
    // norms that do something
    for (auto& [name, tensor] : weights) {
      if (name.find("norm") == std::string::npos && name.find("ln_") == std::string::npos) continue;
      tensor.copy_(Uniform(tensor.sizes(), name.size()) + 1);
    }
    out = fusion(s, v, instruction);
  }

  at::Tensor Norm(const at::Tensor& x, const std::string& name) const {
    const at::Tensor centred = x - x.mean(-1, true);
    const at::Tensor scaled = centred / (centred.square().mean(-1, true) + 1e-5).sqrt();
    return scaled * weights.at(name + ".weight") + weights.at(name + ".bias");
  }
  at::Tensor Linear(const at::Tensor& x, const std::string& name) const {
    return x.matmul(weights.at(name + ".weight").t()) + weights.at(name + ".bias");
  }

  FeatureFusion fusion;
  TensorMap weights;
  at::Tensor s = Uniform({2, 9, kDim}, 1), v = Uniform({2, 9, kDim}, 2);
  at::Tensor instruction = Uniform({2, kDim}, 3);
  FusedTokens out;
};

void CheckClose(const at::Tensor& a, const at::Tensor& b) { CHECK(RelativeError(a, b) < 1e-6); }

TEST_CASE("add, only, weighted and concat follow their formulas") {
  const Case add("add"), only("only"), weighted("weighted"), concat("concat");
  CHECK(add.out.tokens.equal(add.s + add.v));
  CHECK(only.out.tokens.equal(only.v));
  CheckClose(weighted.out.tokens, 0.5 * (weighted.s + weighted.v));
  CheckClose(
      concat.out.tokens,
      concat.Linear(at::cat({concat.Norm(concat.s, "norm1"), concat.Norm(concat.v, "norm2")}, -1),
                    "projection"));
  CHECK_FALSE(concat.out.gate.defined());
}

TEST_CASE("token_gated mixes normalised tokens by one gate a token") {
  for (const char* method : {"token_gated", "gated"}) {
    const Case c(method);
    const at::Tensor s = c.Norm(c.s, "norm1"), v = c.Norm(c.v, "norm2");
    const at::Tensor g = c.Linear(at::cat({s, v}, -1), "gate_projection.0").sigmoid();
    CHECK(c.out.gate.size(2) == (std::string(method) == "gated" ? kDim : 1));
    CheckClose(c.out.gate, g);
    CheckClose(c.out.tokens, g * s + (1 - g) * v);
  }
}

TEST_CASE("token_gated_residual moves raw tokens a fifth of the way") {
  const Case c("token_gated_residual");
  const at::Tensor s = c.Norm(c.s, "norm1"), v = c.Norm(c.v, "norm2");
  const at::Tensor g = c.Linear(at::cat({s, v}, -1), "gate_projection.0").sigmoid();
  CheckClose(c.out.tokens, c.s + 0.2 * (g * c.s + (1 - g) * c.v - c.s));
}

TEST_CASE("The paper's gate reads generative tokens first and mixes raw tokens") {
  const Case c("paper");
  const at::Tensor s = c.Norm(c.s, "ln_sem"), v = c.Norm(c.v, "ln_gen");
  const at::Tensor g = c.Linear(at::cat({v, s}, -1), "gate_proj").sigmoid();
  CheckClose(c.out.tokens, g * c.s + (1 - g) * c.v);
}

TEST_CASE("instruction_token_gated shifts the gate by the instruction") {
  const Case c("instruction_token_gated");
  const at::Tensor s = c.Norm(c.s, "norm1"), v = c.Norm(c.v, "norm2");
  const at::Tensor context =
      c.Linear(at::silu(c.Linear(c.Norm(c.instruction, "norm_ctx"), "ctx_projection.0")),
               "ctx_projection.2");
  const at::Tensor g =
      (c.Linear(at::cat({s, v}, -1), "gate_projection") - 0.5 + context.unsqueeze(1)).sigmoid();
  CheckClose(c.out.gate, g);
  CheckClose(c.out.tokens, g * s + (1 - g) * v);
  CHECK_THROWS_AS(FeatureFusion(c.fusion)->forward(c.s, c.v), Error);
}

TEST_CASE("cross_attention attends from semantic to generative tokens") {
  const Case c("cross_attention");
  const std::string block = "cross_attn_blocks.0.";
  // rows fill the first half of the width, columns the second, each [sin | cos]
  at::Tensor position = at::zeros({9, kDim});
  for (int64_t n = 0; n < 9; ++n) {
    for (int64_t i = 0; i < kDim / 4; ++i) {
      const double omega = std::pow(10000.0, -static_cast<double>(i) / (kDim / 4));
      const double row = static_cast<double>(n / 3), column = static_cast<double>(n % 3);
      position[n][i] = std::sin(row * omega);
      position[n][kDim / 4 + i] = std::cos(row * omega);
      position[n][kDim / 2 + i] = std::sin(column * omega);
      position[n][kDim / 2 + kDim / 4 + i] = std::cos(column * omega);
    }
  }
  const auto in = [&](const at::Tensor& x, int64_t part) {
    const auto w = c.weights.at(block + "cross_attention.in_proj_weight").chunk(3)[part];
    const auto b = c.weights.at(block + "cross_attention.in_proj_bias").chunk(3)[part];
    return (x.matmul(w.t()) + b).unflatten(2, {2, kDim / 2}).transpose(1, 2);
  };
  const at::Tensor q = in(c.Norm(c.s, block + "norm1_query") + position, 0);
  const at::Tensor k = in(c.Norm(c.v, block + "norm1_key") + position, 1);
  const at::Tensor value = in(c.Norm(c.v, block + "norm1_value"), 2);
  const at::Tensor attention =
      (q.matmul(k.transpose(-1, -2)) / std::sqrt(kDim / 2.0)).softmax(-1).matmul(value);
  const at::Tensor x =
      c.s + c.Linear(attention.transpose(1, 2).flatten(2), block + "cross_attention.out_proj");
  const at::Tensor up = c.Linear(c.Norm(x, block + "norm2"), block + "mlp.0");
  const at::Tensor gelu = 0.5 * up * (1 + (up / std::sqrt(2.0)).erf());
  CheckClose(c.out.tokens, x + c.Linear(gelu, block + "mlp.3"));
}

TEST_CASE("A forced gate shows one stream alone") {
  for (const char* method : {"token_gated", "paper"}) {
    const bool raw = std::string(method) == "paper";
    const Case one(method, 1), zero(method, 0);
    const at::Tensor s = raw ? one.s : one.Norm(one.s, "norm1");
    const at::Tensor v = raw ? zero.v : zero.Norm(zero.v, "norm2");
    CHECK((one.out.gate == 1).all().item<bool>());
    CheckClose(one.out.tokens, s);
    CheckClose(zero.out.tokens, v);
  }
  const Case residual("token_gated_residual", 1);
  CheckClose(residual.out.tokens, residual.s);
}

TEST_CASE("Every method computes what torch.nn does, from weights under the published keys") {
  const TensorMap fixture = AgentFixture("fusion");
  for (const std::string method :
       {"add", "only", "weighted", "concat", "gated", "token_gated", "token_gated_residual",
        "instruction_token_gated", "cross_attention", "paper"}) {
    INFO(method);
    FeatureFusion fusion(
        FusionOptions{.method = method, .dim = kDim, .num_heads = 2, .num_layers = 2});
    TensorMap weights;
    for (const auto& [key, tensor] : fixture) {
      if (key.starts_with(method + "/w/")) weights.emplace(key.substr(method.size() + 3), tensor);
    }
    Freeze(*fusion);
    LoadTensors(*fusion, weights, method);  // strict: no key is missing, none left over
    const FusedTokens out = fusion(fixture.at("s"), fixture.at("v"), fixture.at("context"));
    CHECK(RelativeError(out.tokens, fixture.at(method + "/tokens")) < 1e-6);
    const bool gated = fixture.contains(method + "/gate");
    REQUIRE(out.gate.defined() == gated);
    if (!gated) continue;
    CHECK(RelativeError(out.gate, fixture.at(method + "/gate")) < 1e-6);
    CHECK((out.gate.ge(0) & out.gate.le(1)).all().item<bool>());
  }
}

TEST_CASE("Published starting values and keys of single numbers") {
  const auto value = [](const char* method, const char* key, bool sr = false) {
    const FeatureFusion fusion(
        FusionOptions{.method = method, .dim = 4, .spatial_reasoning_keys = sr});
    return NamedTensors(*fusion).at(key).item<float>();
  };
  CHECK(value("weighted", "weight_2d") == 0.5f);
  CHECK(value("weighted", "weight_gen") == 0.5f);
  CHECK(value("weighted", "weight_3d", true) == 0.5f);
  CHECK(value("token_gated_residual", "residual_scale") == 0.2f);
  CHECK(value("instruction_token_gated", "gate_bias") == -0.5f);
  CHECK(value("context_gated", "context_scale") == 1.0f);
}

TEST_CASE("Every gate can be forced; methods without one and gates above 1 are refused") {
  const at::Tensor s = Uniform({1, 4, 8}, 1), v = Uniform({1, 4, 8}, 2), c = Uniform({1, 8}, 3);
  for (const char* method : {"weighted", "gated", "token_gated", "token_gated_residual",
                             "instruction_token_gated", "paper"}) {
    for (const double gate : {0.0, 0.25, 1.0}) {
      FeatureFusion fusion(FusionOptions{.method = method, .dim = 8, .forced_gate = gate});
      InitializeWeights(*fusion, 1);
      CHECK((fusion(s, v, c).gate == gate).all().item<bool>());
    }
    CHECK_THROWS_WITH(FeatureFusion(FusionOptions{.method = method, .forced_gate = 1.5}),
                      Catch::Contains("0 (all generative) to 1"));
  }
  for (const char* method : {"add", "only", "concat", "cross_attention"}) {
    CHECK_THROWS_WITH(FeatureFusion(FusionOptions{.method = method, .forced_gate = 1}),
                      Catch::Contains("methods with a gate"));
  }
}

TEST_CASE("Fusion refuses what it cannot fuse") {
  CHECK_THROWS_WITH(FeatureFusion(FusionOptions{.method = "sum", .dim = 4}),
                    Catch::Contains("unknown fusion method 'sum'"));
  FeatureFusion fusion(FusionOptions{.method = "add", .dim = 4});
  CHECK_THROWS_AS(fusion->forward(at::zeros({1, 4, 4}), at::zeros({1, 9, 4})), Error);
  CHECK_THROWS_WITH(fusion->forward(at::zeros({1, 6, 4}), at::zeros({1, 6, 4})),
                    Catch::Contains("square"));
}

}  // namespace
}  // namespace vega
