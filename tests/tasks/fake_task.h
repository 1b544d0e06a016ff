// A task for tests of rollouts: an arm of a few geoms, a box, and a goal the test chooses. No data
// files.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "sim/renderer.h"
#include "tasks/task.h"

namespace vega {

// The document FakeModel compiles.
std::string FakeMjcf();
// A simple 7-joint arm with the Panda's names, a gripper and a free box; time step 2 ms.
ModelPtr FakeModel();

// Its sampler places the box at x = 0.01 * (seed + number of the reset), so every reset differs,
// and further by a variation's exchange and scatter.
class FakeTask : public Task {
 public:
  // Solved once the simulated time since the initial state reaches `solved_at` seconds; a control
  // step is 0.05 s.
  FakeTask(int index, double solved_at);

  const TaskInfo& info() const override { return info_; }
  const ModelPtr& model() const override { return model_; }
  const std::vector<std::vector<double>>& init_states() const override { return init_states_; }
  using Task::NewResetSampler;
  std::unique_ptr<ResetSampler> NewResetSampler(const StartVariation& variation) const override;
  void Place(Scene& scene, const ResetPlacement& placement) const override;
  bool Success(const Scene& scene) const override;
  std::vector<GoalTerm> Goal(const Scene& scene) const override;
  void PostProcess(Scene&) const override {}

 private:
  TaskInfo info_;
  ModelPtr model_;
  std::vector<std::vector<double>> init_states_;
  double solved_at_;
};

// One-colour pictures; the pixel value is the number of pictures drawn before.
class FakeRenderer : public Renderer {
 public:
  Image Render(const Scene& scene, const std::string& camera, int height, int width) override;
  const std::string& name() const override { return name_; }
  bool software() const override { return true; }
  int drawn = 0;

 private:
  std::string name_ = "fake";
};

// A policy made of a function.
class FakePolicy : public Policy {
 public:
  using Function = std::function<std::vector<Action>(const PolicyInput&)>;
  FakePolicy(PolicyContract contract, Function act)
      : contract_(std::move(contract)), act_(std::move(act)) {}
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput& input) override { return act_(input); }

 private:
  PolicyContract contract_;
  Function act_;
};

}  // namespace vega
