#include "tasks/evaluation/verify.h"

#include <catch2/catch.hpp>

#include "tests/tasks/fake_task.h"

namespace vega {
namespace {

using Catch::Contains;

constexpr double kStep = 0.05;  // s

VerifyOptions Options() {
  const auto still = [] {
    return std::make_unique<FakePolicy>(
        PolicyContract{}, [](const PolicyInput&) { return std::vector<Action>{kNoOp}; });
  };
  return {.expert = still, .idle = still, .random = still};
}

TaskFindings Verify(double solved_at) {
  return VerifyTask(std::make_shared<FakeTask>(0, solved_at), Options(), false);
}

TEST_CASE("a task that no-ops solve is not sound") {
  const TaskFindings findings = Verify(15 * kStep);
  CHECK_FALSE(findings.goal_at_start);
  CHECK(findings.expert_solves);
  CHECK(findings.holds);
  CHECK(findings.idle_solves);
  CHECK(findings.random_solves);
  CHECK_FALSE(findings.sound());
  CHECK(ToJson(findings)["no_op_solves"] == true);
  CHECK_THAT(FindingsTable({findings}), Contains("0 of 1 tasks are sound"));
}

TEST_CASE("a goal that holds at the start and one nobody reaches are told") {
  CHECK(Verify(0).goal_at_start);
  const TaskFindings never = Verify(1000);
  CHECK_FALSE(never.expert_solves);
  CHECK_FALSE(never.idle_solves);
  CHECK_FALSE(never.sound());
}

}  // namespace
}  // namespace vega
