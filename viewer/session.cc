// The simulation thread: commands between steps, steps in time with the clock.

#include "viewer/session.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "sim/base/error.h"
#include "viewer/session_engine.h"

namespace vega {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kControlPeriod = 0.05;  // s of simulated time per control step

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

Session::Session(std::shared_ptr<const Task> task, SessionPolicy policy, MakeRenderer renderer,
                 SessionOptions options)
    : task_(std::move(task)),
      make_renderer_(std::move(renderer)),
      seed_(options.seed),
      playing_(options.playing),
      speed_(options.speed),
      instruction_(options.instruction.empty() ? task_->info().instruction : options.instruction),
      policy_(std::move(policy)) {
  SetPolicy(policy_);
  Restart(options.init, options.reset);
  Start();
}

Session::Session(const Session& other, int step)
    : task_(other.task_), make_renderer_(other.make_renderer_), seed_(other.seed_) {
  {
    const std::lock_guard lock(other.mutex_);
    if (step < 0 || step >= static_cast<int>(other.history_.size())) {
      throw Error("there is no step " + std::to_string(step) + " to fork from");
    }
    playing_ = false;
    speed_ = other.speed_;
    init_ = other.init_;
    instruction_ = other.instruction_;
    policy_ = other.policy_;
    contract_ = other.contract_;
    history_.assign(other.history_.begin(), other.history_.begin() + step + 1);
  }
  SetPolicy(policy_);
  GoOnFrom(step);
  Start();
}

Session::Session(std::shared_ptr<const Task> task, SessionPolicy policy, MakeRenderer renderer,
                 SessionOptions options, const std::vector<std::vector<double>>& states,
                 const ResetPlacement& placement)
    : Session(std::move(task), std::move(policy), std::move(renderer), [&] {
        options.playing = false;
        return options;
      }()) {
  const size_t width = 1 + task_->model()->nq + task_->model()->nv;
  if (states.empty()) throw Error("the recording holds no state");
  for (const auto& state : states) {
    if (state.size() == width) continue;
    throw Error("a recorded state has " + std::to_string(state.size()) + " numbers, the scene " +
                    std::to_string(width),
                "was it recorded in another task?");
  }
  Post([this, states, placement](Engine& engine) {
    engine.Place(placement);
    for (size_t i = 0; i < states.size(); ++i) {
      Publish(engine.Recorded(static_cast<int>(i), states[i]));
    }
  });
}

Session::~Session() {
  Stop(std::chrono::milliseconds(0));
  thread_.join();
}

bool Session::Stop(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  quit_ = true;
  wake_.notify_all();
  return wake_.wait_for(lock, patience, [&] { return ended_; });
}

void Session::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Session::Play() {
  const std::lock_guard lock(mutex_);
  playing_ = true;
  wake_.notify_all();
}

void Session::Pause() {
  const std::lock_guard lock(mutex_);
  playing_ = false;
  wake_.notify_all();
}

void Session::StepOnce(bool substeps) {
  const std::lock_guard lock(mutex_);
  playing_ = false;
  keep_substeps_ = substeps;
  ++single_steps_;
  wake_.notify_all();
}

void Session::SetSpeed(double speed) {
  const std::lock_guard lock(mutex_);
  speed_ = speed;
  wake_.notify_all();
}

void Session::Post(std::function<void(Engine&)> command) {
  const std::lock_guard lock(mutex_);
  commands_.push_back(std::move(command));
  error_.clear();
  wake_.notify_all();
}

void Session::Restart(int init, int reset) {
  {
    const std::lock_guard lock(mutex_);
    init_ = init;
    single_steps_ = 0;
  }
  Post([this, init, reset](Engine& engine) {
    Publish(engine.Restart(init, reset < 0 ? init : reset, instruction()));
  });
}

void Session::GoOnFrom(int step) {
  Post([this, step](Engine& engine) {
    std::vector<SnapshotPtr> past;
    {
      const std::lock_guard lock(mutex_);
      if (step < 0 || step >= static_cast<int>(history_.size())) return;
      history_.resize(step + 1);
      past = history_;
      instruction_ = past.back()->rollout.instruction;
    }
    engine.Load(*past.back(), past, init());
  });
}

void Session::Edit(int step, std::function<void(Scene&)> change) {
  GoOnFrom(step);
  Post([this, step, change = std::move(change)](Engine& engine) {
    if (const SnapshotPtr before = at(step)) Publish(engine.Edit(*before, change));
  });
}

void Session::SetInstruction(const std::string& instruction) {
  {
    const std::lock_guard lock(mutex_);
    instruction_ = instruction;
  }
  Post([instruction](Engine& engine) { engine.SetInstruction(instruction); });
}

void Session::SetPolicy(SessionPolicy policy) {
  Post([this, policy = std::move(policy)](Engine& engine) {
    engine.SetPolicy(policy);
    const std::lock_guard lock(mutex_);
    policy_ = policy;
    contract_ = engine.contract();
  });
}

void Session::SetPush(std::optional<mjvPerturb> push) {
  const std::lock_guard lock(mutex_);
  push_ = push;
}

bool Session::playing() const {
  const std::lock_guard lock(mutex_);
  return playing_;
}

int Session::init() const {
  const std::lock_guard lock(mutex_);
  return init_;
}

double Session::speed() const {
  const std::lock_guard lock(mutex_);
  return speed_;
}

std::string Session::instruction() const {
  const std::lock_guard lock(mutex_);
  return instruction_;
}

std::string Session::policy_name() const {
  const std::lock_guard lock(mutex_);
  return policy_.name;
}

PolicyContract Session::contract() const {
  const std::lock_guard lock(mutex_);
  return contract_;
}

double Session::realtime_factor() const {
  const std::lock_guard lock(mutex_);
  return playing_ ? realtime_factor_ : 0;
}

std::string Session::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

bool Session::busy() const {
  const std::lock_guard lock(mutex_);
  return working_ || !commands_.empty();
}

SnapshotPtr Session::latest() const {
  const std::lock_guard lock(mutex_);
  return history_.empty() ? nullptr : history_.back();
}

SnapshotPtr Session::at(int step) const {
  const std::lock_guard lock(mutex_);
  if (step < 0 || step >= static_cast<int>(history_.size())) return nullptr;
  return history_[step];
}

void Session::ForEach(const std::function<void(const Snapshot&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const SnapshotPtr& snapshot : history_) visit(*snapshot);
}

void Session::Publish(SnapshotPtr snapshot) {
  const std::lock_guard lock(mutex_);
  if (snapshot->step < static_cast<int>(history_.size())) history_.resize(snapshot->step);
  history_.push_back(std::move(snapshot));
}

void Session::Guard(const std::function<void()>& work) {
  std::string failure;
  try {
    work();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (failure.empty()) return;
  const std::lock_guard lock(mutex_);
  error_ = failure;
  single_steps_ = 0;
}

bool Session::MayStep() const {
  const bool asked = playing_ || single_steps_ > 0;
  return asked && error_.empty() && !history_.empty() && !history_.back()->over;
}

// a step that came late is not caught up with: the simulation would race after a slow frame
void Session::Pace() {
  const auto now = Clock::now();
  const double period = kControlPeriod / speed_;
  const double late = std::chrono::duration<double>(now - due_).count();
  const double factor = kControlPeriod / std::max(1e-6, period + std::max(0.0, late));
  realtime_factor_ += 0.1 * (factor - realtime_factor_);
  due_ = std::max(due_, now - Seconds(0.5 * period)) + Seconds(period);
}

void Session::Run() {
  // the renderer's context belongs to this thread, so the engine is made and dropped here
  Engine engine(task_, make_renderer_, seed_);
  std::unique_lock lock(mutex_);
  while (!quit_) {
    if (!commands_.empty()) {
      const auto command = std::move(commands_.front());
      commands_.pop_front();
      working_ = true;
      lock.unlock();
      Guard([&] { command(engine); });
      lock.lock();
      working_ = false;
      continue;
    }
    if (!MayStep()) {
      single_steps_ = 0;
      wake_.wait(lock, [&] { return quit_ || !commands_.empty() || MayStep(); });
      due_ = Clock::now();
      continue;
    }
    const bool single = single_steps_ > 0;
    if (!single && Clock::now() < due_) {
      wake_.wait_until(lock, due_);
      continue;
    }
    if (single) {
      --single_steps_;
    } else {
      Pace();
    }
    const bool substeps = single && keep_substeps_;
    lock.unlock();
    Guard([&] { Publish(engine.Step(substeps, push_, mutex_)); });
    lock.lock();
  }
  ended_ = true;
  wake_.notify_all();
}

}  // namespace vega
