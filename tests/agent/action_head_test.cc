// The action head: what its actions depend on, and attention as it is trained.

#include "agent/action_head.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "agent/attention.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

ActionHeadOptions Small() {
  return {.dim = 16,
          .ffn_dim = 32,
          .num_heads = 2,
          .num_layers = 2,
          .query_dim = 24,
          .query_ffn_dim = 48,
          .query_num_heads = 3,
          .query_num_layers = 2,
          .token_dim = 12,
          .text_dim = 10,
          .num_tokens = 4,
          .chunk_length = 5};
}

HeadInput Input() {
  return {.fused = Uniform({2, 2, 4, 12}, 1),
          .words = Uniform({2, 6, 10}, 2),
          .sentence = Uniform({2, 10}, 3),
          .proprio = Uniform({2, 8}, 4)};
}

TEST_CASE("Attention that learns equals attention that does not") {
  const at::Tensor q = Uniform({2, 3, 4, 8}, 1), k = Uniform({2, 3, 5, 8}, 2),
                   v = Uniform({2, 3, 5, 8}, 3);
  const at::Tensor mask = at::tensor({1, 1, 0, 1, 0}, at::kLong).to(at::kBool).view({1, 1, 1, 5});
  for (const at::Tensor& seen : {at::Tensor(), mask}) {
    at::Tensor without;
    {
      const at::NoGradGuard guard;
      without = Attend(q, k, v, seen);
    }
    CHECK(RelativeError(Attend(q, k, v, seen), without) < 1e-5);
  }
}

TEST_CASE("Every input of the head changes its actions, every action and each camera") {
  const at::NoGradGuard guard;
  ActionHead head(Small());
  InitializeWeights(*head, 7);
  const at::Tensor before = head->forward(Input());
  REQUIRE(before.sizes() == at::IntArrayRef({2, 5, 7}));
  CHECK(before.abs().max().item<double>() <= 1);
  const auto moves = [&](auto edit) {
    HeadInput input = Input();
    edit(input);
    // the second row of the batch is left alone, and must not notice
    const at::Tensor by = (head->forward(input) - before).abs();
    CHECK(by[0].amax(1).min().item<double>() > 1e-5);
    CHECK(by[1].max().item<double>() < 1e-6);
  };
  moves([](HeadInput& in) { in.fused[0][0][2].neg_(); });
  moves([](HeadInput& in) { in.fused[0][1][2].neg_(); });
  moves([](HeadInput& in) { in.words[0][3].neg_(); });
  moves([](HeadInput& in) { in.sentence[0].neg_(); });
  moves([](HeadInput& in) { in.proprio[0].neg_(); });
}

TEST_CASE("Padding after the words is not read") {
  const at::NoGradGuard guard;
  ActionHead head(Small());
  InitializeWeights(*head, 7);
  HeadInput cut = Input(), padded = Input();
  cut.words = cut.words.narrow(1, 0, 4);
  padded.word_mask = at::tensor({1, 1, 1, 1, 0, 0}, at::kLong).to(at::kBool).expand({2, -1});
  CHECK(RelativeError(head->forward(padded), head->forward(cut)) < 1e-5);
  padded.word_mask = at::ones({2, 3}, at::kBool);
  CHECK_THROWS_WITH(head->forward(padded), Catch::Contains("word mask"));
}

}  // namespace
}  // namespace vega
