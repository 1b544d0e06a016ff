// The agent behind the policy seam.

#include "policies/vega_policy.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <thread>

#include "sim/base/error.h"

namespace vega {
namespace {

Image Picture(int size, int seed) {
  Image image{size, size, std::vector<uint8_t>(static_cast<size_t>(size) * size * 3)};
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    image.pixels[i] = static_cast<uint8_t>((i * 7 + seed * 31 + i / 97) % 251);
  }
  return image;
}

PolicyInput Input(const PolicyContract& contract) {
  PolicyInput input;
  input.instruction = "put the bowl on the plate";
  input.proprio.eef_pos = {-0.1, 0.05, 1.1};
  input.proprio.eef_quat = {0.99, 0.05, 0.02, 0.1};
  input.proprio.gripper_qpos = {0.03, -0.03};
  for (size_t c = 0; c < contract.cameras.size(); ++c) {
    Clip clip;
    for (int t = 0; t < contract.clip_length; ++t) {
      clip.frames.push_back(Picture(contract.image_size, static_cast<int>(10 * c) + t));
    }
    input.clips.push_back(clip);
  }
  return input;
}

const EpisodeKey kEpisode{"libero_spatial", "a_task", "put the bowl on the plate", 3, 7};

const PolicySource& Tiny() {
  static const PolicySource source = OpenVegaPolicy("vega-tiny");
  return source;
}

std::vector<Action> FirstChunk(const PolicyInput& input, const EpisodeKey& episode = kEpisode) {
  const auto policy = Tiny().make();
  policy->Reset(episode);
  return policy->Act(input);
}

TEST_CASE("vega-tiny answers eight finite actions within bounds and says it is untrained") {
  CHECK(Tiny().weights == "untrained");
  const PolicyContract& contract = Tiny().contract;
  CHECK(contract.cameras == std::vector<std::string>{"agentview", "robot0_eye_in_hand"});
  CHECK(contract.chunk_length == 8);
  const std::vector<Action> actions = FirstChunk(Input(contract));
  REQUIRE(actions.size() == 8);
  for (const Action& action : actions) {
    for (double entry : action) {
      CHECK(std::isfinite(entry));
      CHECK(std::abs(entry) <= 1);
    }
  }
}

TEST_CASE("Actions are the same for the same episode, on any thread and instance") {
  const PolicyInput input = Input(Tiny().contract);
  const std::vector<Action> expected = FirstChunk(input);
  CHECK((FirstChunk(input) == expected));
  std::vector<std::vector<Action>> parallel(3);
  std::vector<std::thread> threads;
  for (auto& actions : parallel) threads.emplace_back([&] { actions = FirstChunk(input); });
  for (auto& thread : threads) thread.join();
  for (const auto& actions : parallel) CHECK((actions == expected));
  // an earlier episode leaves nothing behind
  const auto policy = Tiny().make();
  policy->Reset({"other", "task", "open the drawer", 1, 9});
  policy->Act(input);
  policy->Reset(kEpisode);
  CHECK((policy->Act(input) == expected));
}

TEST_CASE("Actions depend on instruction, each camera, each proprio entry, step and seed") {
  const PolicyInput input = Input(Tiny().contract);
  const std::vector<Action> expected = FirstChunk(input);
  const auto differs = [&](const auto& change) {
    PolicyInput changed = input;
    change(changed);
    return FirstChunk(changed) != expected;
  };
  CHECK(differs([](PolicyInput& i) { i.instruction = "open the top drawer"; }));
  for (size_t camera : {0, 1}) {
    CHECK(differs([&](PolicyInput& i) { i.clips[camera].frames.back().pixels[9000] ^= 128; }));
    CHECK(differs([&](PolicyInput& i) { i.clips[camera].frames.front().pixels[9000] ^= 128; }));
  }
  CHECK(differs([](PolicyInput& i) { i.proprio.eef_pos[2] += 0.05; }));
  CHECK(differs([](PolicyInput& i) { i.proprio.eef_quat = {0.9, 0.3, 0.2, 0.2449}; }));
  CHECK(differs([](PolicyInput& i) { i.proprio.gripper_qpos[0] = 0.01; }));
  CHECK(differs([](PolicyInput& i) { i.step = 8; }));
  EpisodeKey other = kEpisode;
  other.seed = 8;
  CHECK((FirstChunk(input, other) != expected));
}

TEST_CASE("A stream of tolerance 0 changes no answer; a tolerant one remembers") {
  const PolicySource exact = OpenVegaPolicy("vega-tiny", {.stream = 0});
  const PolicySource tolerant = OpenVegaPolicy("vega-tiny", {.stream = 0.05});
  const auto plain = Tiny().make(), streamed = exact.make(), loose = tolerant.make();
  CHECK_FALSE(streamed->remembers());
  CHECK(loose->remembers());
  for (Policy* policy : {plain.get(), streamed.get(), loose.get()}) policy->Reset(kEpisode);
  PolicyInput input = Input(Tiny().contract);
  double largest = 0;
  for (int call = 0; call < 4; ++call) {
    input.step = 8 * call;
    // nothing moves at the second call, little at the third, much at the fourth
    if (call == 2) input.clips[0].frames.back().pixels[9000] ^= 16;
    if (call == 3) input.clips[1].frames[2] = Picture(Tiny().contract.image_size, 77);
    const auto expected = plain->Act(input);
    CHECK((streamed->Act(input) == expected));
    const auto near = loose->Act(input);
    for (size_t k = 0; k < expected.size(); ++k) {
      for (size_t a = 0; a < expected[k].size(); ++a) {
        largest = std::max(largest, std::abs(near[k][a] - expected[k][a]));
      }
    }
    if (call == 1 || call == 3) CHECK(largest == 0);
    if (call == 2) {
      CHECK(largest > 0);
      CHECK(largest < 0.05);
      largest = 0;
    }
  }
  // a new episode begins anew
  loose->Reset(kEpisode);
  input = Input(Tiny().contract);
  CHECK((loose->Act(input) == FirstChunk(input)));
}

TEST_CASE("Pictures of another shape are one clear error") {
  PolicyInput input = Input(Tiny().contract);
  input.clips[1].frames[0] = Picture(32, 0);
  CHECK_THROWS_WITH(FirstChunk(input), Catch::Contains("pictures of 128x128"));
  input = Input(Tiny().contract);
  input.clips.pop_back();
  CHECK_THROWS_WITH(FirstChunk(input), Catch::Contains("2 clips"));
  input = Input(Tiny().contract);
  input.clips[0].frames.pop_back();
  CHECK_THROWS_WITH(FirstChunk(input), Catch::Contains("5 frames"));
}

TEST_CASE("A folder that is no checkpoint, and a GPU that is not there, are errors") {
  CHECK_THROWS_AS(OpenVegaPolicy("/nonexistent"), Error);
  CHECK_THROWS_AS(OpenVegaPolicy("vega-tiny", {.device = "tpu"}), Error);
}

}  // namespace
}  // namespace vega
