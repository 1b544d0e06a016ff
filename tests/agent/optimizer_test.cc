// AdamW and Muon: rates, stored state, and how weights move.

#include "agent/train/optimizer.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "agent/tensor_file.h"
#include "agent/train/recipe.h"
#include "sim/base/error.h"

namespace vega {

using Catch::Contains;

TEST_CASE("the rate warms up in a line and falls along a cosine to its last share") {
  at::Tensor weight = at::ones({2, 2});
  const Optimizer optimizer({{"w", weight}}, {.lr = 1, .final_lr = 0.1, .warmup = 10}, 110);
  CHECK(optimizer.Rate(0) == Approx(0.1));
  CHECK(optimizer.Rate(9) == Approx(1.0));
  CHECK(optimizer.Rate(60) == Approx(0.55));
  CHECK(optimizer.Rate(110) == Approx(0.1));
}

TEST_CASE("either method goes on from its stored state bit for bit") {
  for (const char* method : {"adamw", "muon"}) {
    INFO(method);
    const auto learn = [&](int from, int to, const TensorMap& before) {
      at::Tensor matrix = at::ones({64, 96}), bias = at::ones({5});
      Optimizer optimizer({{"w.weight", matrix}, {"w.bias", bias}},
                          {.method = method, .lr = 0.01, .warmup = 3}, 10);
      if (from > 0) optimizer.Load(before, "the test");
      for (int step = from; step < to; ++step) {
        at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t(step));
        matrix.mutable_grad() = at::randn({64, 96}, generator);
        bias.mutable_grad() = at::randn({5}, generator);
        optimizer.Step(step);
      }
      TensorMap state;
      for (const auto& [name, tensor] : optimizer.State()) state.emplace(name, tensor.clone());
      return state;
    };
    const TensorMap half = learn(0, 5, {}), whole = learn(0, 10, {}), resumed = learn(5, 10, half);
    // Muon needs no second moments
    CHECK(half.contains("second/w.weight") == (std::string(method) == "adamw"));
    CHECK(resumed.size() == whole.size());
    for (const auto& [name, tensor] : whole) {
      INFO(name);
      CHECK(at::equal(resumed.at(name), tensor));
    }
    TensorMap lacking = half;
    lacking.erase("first/w.weight");
    CHECK_THROWS_WITH(learn(5, 10, lacking), Contains("the test has no first/w.weight"));
  }
}

TEST_CASE("a recipe of a method there is not is refused") {
  const nlohmann::json recipe = {
      {"stages", {{{"stage", "policy"}, {"packs", {"a"}}, {"optimizer", {{"method", "sgd"}}}}}}};
  CHECK_THROWS_WITH(RecipeFromJson(recipe, "my.json"), Contains("my.json") &&
                                                           Contains("optimizer.method") &&
                                                           Contains("adamw or muon"));
}

TEST_CASE("an orthogonalised matrix keeps its directions and evens out their sizes") {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{3});
  const at::Tensor left = std::get<0>(at::linalg_qr(at::randn({96, 64}, generator)));
  const at::Tensor right = std::get<0>(at::linalg_qr(at::randn({64, 64}, generator)));
  const at::Tensor sizes = at::logspace(-1, 0, 64);
  for (const bool tall : {true, false}) {
    const at::Tensor x = (left * sizes).mm(right.t());  // [96,64]
    const at::Tensor y = Orthogonalized(tall ? x : x.t());
    REQUIRE(y.size(0) == (tall ? 96 : 64));
    const at::Tensor inside = left.t().mm(tall ? y : y.t()).mm(right);  // diagonal, of ones
    CHECK(inside.diagonal().min().item<double>() > 0.6);
    CHECK(inside.diagonal().max().item<double>() < 1.3);
    CHECK((inside - inside.diagonal().diag()).abs().max().item<double>() < 0.1);
  }
  CHECK(Orthogonalized(at::zeros({64, 64})).abs().max().item<double>() == 0);
}

TEST_CASE("Muon moves inner matrices alike in all directions and leaves the rest to AdamW") {
  at::Tensor inner = at::zeros({64, 64}), narrow = at::zeros({64, 8}), bias = at::zeros({64});
  const std::vector<Parameter> parameters = {
      {"a.weight", inner}, {"b.weight", narrow}, {"a.bias", bias}};
  Optimizer optimizer(parameters, {.method = "muon", .lr = 0.1, .warmup = 0}, 10);
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{4});
  const at::Tensor turn = std::get<0>(at::linalg_qr(at::randn({64, 64}, generator)));
  inner.mutable_grad() = (turn * at::logspace(-1, 0, 64)).mm(turn.t());
  narrow.mutable_grad() = at::ones({64, 8});
  bias.mutable_grad() = at::ones({64});
  optimizer.Step(0);
  const at::Tensor moved = at::linalg_svdvals(inner.detach()) / (0.1 * 0.2 * 8);
  CHECK(moved.min().item<double>() > 0.6);
  CHECK(moved.max().item<double>() < 1.3);
  CHECK(narrow.detach().add(0.1).abs().max().item<double>() == Approx(0).margin(1e-4));
  CHECK(bias.detach().add(0.1).abs().max().item<double>() == Approx(0).margin(1e-4));
}

}  // namespace vega
