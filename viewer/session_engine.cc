// Stepping, going back, and taking snapshots.

#include "viewer/session_engine.h"

#include <algorithm>
#include <utility>

#include "policies/hold_policy.h"

namespace vega {

Session::Engine::Engine(std::shared_ptr<const Task> task, MakeRenderer make_renderer, uint32_t seed)
    : task_(std::move(task)), make_renderer_(std::move(make_renderer)), seed_(seed) {}

EpisodeKey Session::Engine::Key() const {
  const TaskInfo& info = task_->info();
  return {info.suite, info.name, instruction_, init_, seed_};
}

ResetPlacement Session::Engine::PlacementOf(int reset) const {
  const auto sampler = task_->NewResetSampler();
  sampler->Seed(seed_);
  ResetPlacement placement = sampler->Sample();
  for (int i = 0; i < reset; ++i) placement = sampler->Sample();
  return placement;
}

// the environment draws what the policy's contract names, so it changes with the policy
void Session::Engine::MakeEnvironment() {
  const PolicyContract& contract = policy_->contract();
  environment_.reset();
  renderer_ = contract.cameras.empty() ? nullptr : make_renderer_(contract);
  environment_ = std::make_unique<Environment>(
      task_, EnvironmentOptions{.cameras = contract.cameras, .image_size = contract.image_size},
      renderer_.get());
  rollout_ = std::make_unique<Rollout>(*environment_, *policy_);
}

void Session::Engine::SetPolicy(const SessionPolicy& policy) {
  std::unique_ptr<Policy> made;
  try {
    made = policy.make();
  } catch (...) {
    if (policy_ == nullptr) SetPolicy({"hold", [] { return std::make_unique<HoldPolicy>(); }});
    throw;
  }
  policy_name_ = policy.name;
  if (!begun_) {
    policy_ = std::move(made);
    MakeEnvironment();
    return;
  }
  const SceneState scene = environment_->scene().Save();
  const RolloutState state = rollout_->state();
  rollout_.reset();
  policy_ = std::move(made);
  MakeEnvironment();
  environment_->scene().Load(scene);
  rollout_->TakeOver(Key(), state);
  call_ = nullptr;
}

SnapshotPtr Session::Engine::Restart(int init, int reset, const std::string& instruction) {
  const auto& states = task_->init_states();
  init_ = init;
  instruction_ = instruction;
  call_ = nullptr;
  rollout_->Start(Key(), PlacementOf(reset),
                  states.empty() ? std::vector<double>{} : states[init % states.size()]);
  begun_ = true;
  return Take({});
}

void Session::Engine::Load(const Snapshot& snapshot, const std::vector<SnapshotPtr>& past,
                           int init) {
  begun_ = true;
  init_ = init;
  instruction_ = snapshot.rollout.instruction;
  Scene& scene = environment_->scene();
  const bool same = snapshot.call == nullptr || snapshot.call->policy == policy_name_;
  policy_->Reset(Key());
  if (same && policy_->remembers()) {
    // it is asked again what it was asked on the way here
    const PolicyCall* asked = nullptr;
    for (const SnapshotPtr& earlier : past) {
      const PolicyCall* call = earlier->call.get();
      if (earlier->step > snapshot.step || call == nullptr || call == asked) continue;
      if (call->policy != policy_name_) continue;
      asked = call;
      PolicyInput input = call->input;
      if (policy_->contract().privileged) {
        scene.Load(past[input.step]->scene);
        input.scene = &scene;
        input.task = task_.get();
      }
      policy_->Act(input);
    }
  }
  scene.Load(snapshot.scene);
  if (same) {
    rollout_->Load(snapshot.rollout);
    call_ = snapshot.call;
  } else {
    rollout_->TakeOver(Key(), snapshot.rollout);
    call_ = nullptr;
  }
}

SnapshotPtr Session::Engine::Edit(const Snapshot& snapshot,
                                  const std::function<void(Scene&)>& change) {
  Scene& scene = environment_->scene();
  change(scene);
  mj_forward(&scene.model(), &scene.mutable_data());
  RolloutState state = rollout_->state();
  // a changed scene may be unsolved again
  if (state.result.outcome == Outcome::kSuccess && !task_->Success(scene)) {
    state.result.outcome = Outcome::kFailure;
    rollout_->Load(state);
  }
  auto edited = std::make_shared<Snapshot>(*Take({}));
  edited->call = snapshot.call;
  edited->success = task_->Success(scene);
  return edited;
}

void Session::Engine::SetInstruction(const std::string& instruction) {
  instruction_ = instruction;
  rollout_->SetInstruction(instruction);
}

SnapshotPtr Session::Engine::Step(bool substeps, const std::optional<mjvPerturb>& push,
                                  std::mutex& mutex) {
  std::vector<std::vector<double>> rows;
  Scene& scene = environment_->scene();
  bool pushed = false;
  scene.set_on_substep([&] {
    if (substeps) rows.push_back(scene.State());
    std::optional<mjvPerturb> now;
    {
      const std::lock_guard lock(mutex);
      now = push;
    }
    if (!now && !pushed) return;
    mjData& data = scene.mutable_data();
    std::fill_n(data.xfrc_applied, 6 * scene.model().nbody, 0.0);
    if (now) mjv_applyPerturbForce(&scene.model(), &data, &*now);
    pushed = now.has_value();
  });
  const bool asks = rollout_->played() == rollout_->chunk().size();
  const double asked_before = rollout_->result().ms.policy;
  try {
    rollout_->Step();
  } catch (...) {
    scene.set_on_substep({});
    throw;
  }
  scene.set_on_substep({});
  if (pushed) std::fill_n(scene.mutable_data().xfrc_applied, 6 * scene.model().nbody, 0.0);
  if (asks) {
    auto call = std::make_shared<PolicyCall>();
    call->policy = policy_name_;
    call->input = rollout_->input();
    call->input.scene = nullptr;
    call->chunk = rollout_->chunk();
    call->ms = rollout_->result().ms.policy - asked_before;
    call->insight = policy_->Insight();
    call_ = std::move(call);
  }
  return Take(std::move(rows));
}

SnapshotPtr Session::Engine::Recorded(int step, const std::vector<double>& state) {
  Scene& scene = environment_->scene();
  scene.SetState(state);
  task_->PostProcess(scene);
  RolloutState rollout = rollout_->state();
  rollout.result.steps = rollout.result.played_steps = step;
  rollout.clips.StartAt(step);
  rollout.next_call = step;
  rollout.instruction = instruction_;
  rollout_->Load(rollout);
  auto snapshot = std::make_shared<Snapshot>(*Take({}));
  snapshot->success = task_->Success(scene);
  return snapshot;
}

SnapshotPtr Session::Engine::Take(std::vector<std::vector<double>> substeps) const {
  const Scene& scene = environment_->scene();
  auto snapshot = std::make_shared<Snapshot>();
  const RolloutResult& result = rollout_->result();
  snapshot->step = result.played_steps;
  snapshot->state = scene.State();
  snapshot->hash = scene.StateHash();
  snapshot->scene = scene.Save();
  snapshot->rollout = rollout_->state();
  snapshot->action = rollout_->action();
  snapshot->goal = task_->Goal(scene);
  snapshot->success = environment_->success();
  snapshot->over = rollout_->over();
  snapshot->substeps = std::move(substeps);
  snapshot->call = call_;
  return snapshot;
}

}  // namespace vega
