// The sigma table's published entries, and noise that is a pure function of its key.

#include "agent/flow_schedule.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "sim/base/error.h"

namespace vega {
namespace {

TEST_CASE("Nearest entries of the schedule are those of Wan's FlowUniPC scheduler") {
  const FlowSchedule schedule(5.0);
  CHECK(schedule.entries().size() == 1000);
  const auto& entry = schedule.Nearest(300);
  CHECK(entry.timestep == 299);
  CHECK(entry.sigma == 0.29992384f);
  CHECK(&entry - schedule.entries().data() == 921);
  const std::tuple<int64_t, int64_t, double> others[] = {{50, 52, 0.0526315},
                                                         {100, 101, 0.1010100},
                                                         {200, 201, 0.2011734},
                                                         {250, 251, 0.2513964},
                                                         {400, 400, 0.4005429}};
  for (const auto& [target, timestep, sigma] : others) {
    INFO(target);
    CHECK(schedule.Nearest(target).timestep == timestep);
    CHECK(schedule.Nearest(target).sigma == Approx(sigma).margin(5e-8));
  }
}

TEST_CASE("Short schedules are those of Wan's FlowUniPC scheduler") {
  const auto timesteps = [](int64_t steps, size_t count) {
    std::vector<int64_t> list;
    const FlowSchedule schedule(5.0, steps);
    for (size_t i = 0; i < count; ++i) list.push_back(schedule.entries()[i].timestep);
    return list;
  };
  CHECK(timesteps(4, 4) == std::vector<int64_t>{999, 937, 833, 624});
  CHECK(timesteps(50, 5) == std::vector<int64_t>{999, 995, 991, 987, 982});
}

TEST_CASE("Of two equal timesteps the later entry is taken") {
  // near the noisy end the shifted grid is finer than a timestep
  const FlowSchedule schedule(5.0);
  const auto& entry = schedule.Nearest(999);
  const auto* next = &entry + 1;
  CHECK(entry.timestep == 999);
  CHECK(schedule.entries()[0].timestep == 999);
  CHECK(&entry != &schedule.entries()[0]);
  CHECK(next->timestep < 999);
}

TEST_CASE("Noise depends on its key alone") {
  const NoiseKey a{7, "task/agentview", 0}, b{7, "task/agentview", 8}, c{8, "task/agentview", 0},
      d{7, "task/wrist", 0};
  const at::Tensor batch = DrawNoise({a, b, c, d}, {4, 2, 8, 8});
  CHECK(batch.sizes() == at::IntArrayRef({4, 4, 2, 8, 8}));
  // whatever else is in the batch
  CHECK(batch[0].equal(DrawNoise({a}, {4, 2, 8, 8})[0]));
  CHECK(batch[3].equal(DrawNoise({d, a}, {4, 2, 8, 8})[0]));
  for (int i = 1; i < 4; ++i) CHECK_FALSE(batch[0].equal(batch[i]));
  CHECK(std::abs(batch.mean().item<double>()) < 0.05);
  CHECK(batch.std().item<double>() == Approx(1).margin(0.05));
}

TEST_CASE("Noise is mixed in by sigma") {
  const at::Tensor latents = at::full({1, 1, 1, 1, 1}, 2.0), noise = at::full({1, 1, 1, 1, 1}, -1);
  CHECK(AddNoise(latents, noise, 0.25f).item<float>() == 1.25f);
}

TEST_CASE("Impossible schedules are errors") {
  CHECK_THROWS_AS(FlowSchedule(0.0), Error);
  CHECK_THROWS_AS(FlowSchedule(5.0, 0), Error);
  CHECK_THROWS_AS(FlowSchedule(5.0).Nearest(1001), Error);
  CHECK_THROWS_AS(FlowSchedule(5.0).Nearest(-1), Error);
}

}  // namespace
}  // namespace vega
