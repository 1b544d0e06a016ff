// A batch in parts against the whole batch.

#include "agent/train/batch_gradient.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace vega {
namespace {

// Squared error of a line's answer to each row.
class LineStage : public TrainStage {
 public:
  LineStage()
      : slope_(at::full({1}, 0.7).set_requires_grad(true)),
        unused_(at::ones({3}).set_requires_grad(true)) {}

  std::vector<Parameter> parameters() override { return {{"slope", slope_}, {"unused", unused_}}; }

  StepLoss Loss(const StepInput& in) override {
    {
      const std::lock_guard lock(mutex_);
      threads_.insert(std::this_thread::get_id());
    }
    if (in.rows.front() < 0) throw std::out_of_range("row");
    const at::Tensor x = at::tensor(in.rows, at::kLong).to(at::kFloat);
    const at::Tensor error = (slope_ * x - x * x).square().mean();
    return {.total = error, .parts = {{"error", error}}};
  }

  size_t threads() const { return threads_.size(); }

 private:
  at::Tensor slope_, unused_;
  std::mutex mutex_;
  std::set<std::thread::id> threads_;
};

std::vector<StepInput> Parts(const std::vector<std::vector<int64_t>>& rows) {
  std::vector<StepInput> parts;
  for (const auto& part : rows) parts.push_back({.rows = part});
  return parts;
}

}  // namespace

TEST_CASE("a batch is divided only while its parts stay large") {
  CHECK(BatchParts(64, 1) == 1);
  CHECK(BatchParts(64, 2) == 2);
  CHECK(BatchParts(64, 16) == 4);
  CHECK(BatchParts(8, 2) == 1);
}

TEST_CASE("parts of a batch, on threads of their own, have the whole batch's loss and gradient") {
  LineStage stage;
  BatchGradient gradient(stage, stage.parameters(), {.threads = 3});
  const StepLoss whole = gradient.Compute(Parts({{1, 2, 3, 4, 5, 6, 7}}));
  const at::Tensor slope = stage.parameters()[0].value;
  const at::Tensor expected = slope.grad().clone();
  CHECK(stage.threads() == 1);
  const StepLoss parts = gradient.Compute(Parts({{1, 2, 3}, {4, 5}, {6, 7}}));
  CHECK(stage.threads() > 1);
  CHECK(at::allclose(parts.total, whole.total));
  CHECK(at::allclose(parts.parts.at("error"), whole.total));
  CHECK(at::allclose(slope.grad(), expected));
  CHECK_FALSE(parts.total.requires_grad());
  CHECK_FALSE(stage.parameters()[1].value.grad().defined());
  const at::Tensor first = slope.grad().clone();
  for (int i = 0; i < 20; ++i) {
    gradient.Compute(Parts({{1, 2, 3}, {4, 5}, {6, 7}}));
    REQUIRE(at::equal(slope.grad(), first));
  }
}

TEST_CASE("what fails in a part is thrown to whoever asked for the gradient") {
  LineStage stage;
  BatchGradient gradient(stage, stage.parameters(), {.threads = 2});
  CHECK_THROWS_AS(gradient.Compute(Parts({{1, 2}, {-1}})), std::out_of_range);
  CHECK_NOTHROW(gradient.Compute(Parts({{1, 2}, {3}})));
}

}  // namespace vega
