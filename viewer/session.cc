#include "viewer/session.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "tasks/rollout.h"

namespace vega {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kControlPeriod = 0.05;  // s of simulated time per control step

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

Session::Session(std::shared_ptr<const Task> task, std::unique_ptr<Policy> policy,
                 std::function<std::unique_ptr<Renderer>()> renderer, SessionOptions options)
    : task_(std::move(task)),
      policy_(std::move(policy)),
      contract_(policy_->contract()),
      make_renderer_(std::move(renderer)),
      options_(options) {
  requests_.playing = options.playing;
  requests_.init = options.init;
  thread_ = std::thread([this] { Run(); });
}

Session::~Session() {
  {
    const std::lock_guard lock(mutex_);
    requests_.quit = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Session::Play() {
  const std::lock_guard lock(mutex_);
  requests_.playing = true;
  wake_.notify_all();
}

void Session::Pause() {
  const std::lock_guard lock(mutex_);
  requests_.playing = false;
}

void Session::StepOnce() {
  const std::lock_guard lock(mutex_);
  requests_.playing = false;
  ++requests_.single_steps;
  wake_.notify_all();
}

void Session::Restart(int init) {
  const std::lock_guard lock(mutex_);
  requests_.restart = true;
  requests_.init = init;
  requests_.single_steps = 0;
  wake_.notify_all();
}

void Session::SetSpeed(double speed) {
  const std::lock_guard lock(mutex_);
  requests_.speed = speed;
  wake_.notify_all();
}

bool Session::playing() const {
  const std::lock_guard lock(mutex_);
  return requests_.playing;
}

int Session::init() const {
  const std::lock_guard lock(mutex_);
  return requests_.init;
}

double Session::speed() const {
  const std::lock_guard lock(mutex_);
  return requests_.speed;
}

double Session::realtime_factor() const {
  const std::lock_guard lock(mutex_);
  return requests_.playing ? realtime_factor_ : 0;
}

std::string Session::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

std::shared_ptr<const Snapshot> Session::latest() const {
  const std::lock_guard lock(mutex_);
  return history_.empty() ? nullptr : history_.back();
}

std::shared_ptr<const Snapshot> Session::at(int step) const {
  const std::lock_guard lock(mutex_);
  if (step < 0 || step >= static_cast<int>(history_.size())) return nullptr;
  return history_[step];
}

std::vector<std::shared_ptr<const Snapshot>> Session::history() const {
  const std::lock_guard lock(mutex_);
  return history_;
}

void Session::Run() {
  // the renderer's context belongs to this thread, so it is made and dropped here
  std::unique_ptr<Renderer> renderer;
  try {
    if (!contract_.cameras.empty()) renderer = make_renderer_();
    Environment environment(task_, {false, contract_.cameras, contract_.image_size},
                            renderer.get());
    std::unique_lock lock(mutex_);
    while (!requests_.quit) {
      wake_.wait(lock, [&] { return requests_.quit || requests_.restart; });
      if (requests_.quit) break;
      requests_.restart = false;
      history_.clear();
      error_.clear();
      const int init = requests_.init;
      lock.unlock();
      RunEpisode(environment, init);
      lock.lock();
    }
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    error_ = error.what();
  }
}

void Session::RunEpisode(Environment& environment, int init) {
  try {
    const TaskInfo& info = task_->info();
    const auto& states = task_->init_states();
    const EpisodeKey key{info.suite, info.name, info.instruction, init, options_.seed};
    Rollout rollout(environment, *policy_);
    rollout.Start(key, PlacementOf(init),
                  states.empty() ? std::vector<double>{} : states[init % states.size()]);
    Publish(environment, rollout);
    due_ = Clock::now();
    bool over = false;
    while (AwaitStep(over)) {
      over = !rollout.Step();
      Publish(environment, rollout);
    }
  } catch (const std::exception& error) {
    std::unique_lock lock(mutex_);
    error_ = error.what();
    wake_.wait(lock, [&] { return requests_.quit || requests_.restart; });
  }
}

bool Session::AwaitStep(bool over) {
  std::unique_lock lock(mutex_);
  const auto left = [&] { return requests_.quit || requests_.restart; };
  const auto may_step = [&] { return !over && (requests_.playing || requests_.single_steps > 0); };
  if (!may_step()) {
    wake_.wait(lock, [&] { return left() || may_step(); });
    due_ = Clock::now();
  }
  if (left()) return false;
  if (requests_.single_steps > 0) {
    --requests_.single_steps;
    return true;
  }
  // a step that came late is not caught up with: the simulation would race after a slow frame
  wake_.wait_until(lock, due_, left);
  if (left()) return false;
  const auto now = Clock::now();
  const double period = kControlPeriod / requests_.speed;
  const double late = std::chrono::duration<double>(now - due_).count();
  const double factor = kControlPeriod / std::max(1e-6, period + std::max(0.0, late));
  realtime_factor_ += 0.1 * (factor - realtime_factor_);
  due_ = std::max(due_, now - Seconds(0.5 * period)) + Seconds(period);
  return true;
}

void Session::Publish(const Environment& environment, const Rollout& rollout) {
  auto snapshot = std::make_shared<Snapshot>();
  const mjModel& model = environment.scene().model();
  snapshot->state = environment.scene().State();
  snapshot->body_pos.assign(model.body_pos, model.body_pos + 3 * model.nbody);
  snapshot->body_quat.assign(model.body_quat, model.body_quat + 4 * model.nbody);
  snapshot->site_rgba.assign(model.site_rgba, model.site_rgba + 4 * model.nsite);
  snapshot->proprio = environment.scene().proprio();
  snapshot->action = rollout.action();
  snapshot->goal = task_->Goal(environment.scene());
  snapshot->success = environment.success();
  snapshot->frames = environment.frames();
  const std::lock_guard lock(mutex_);
  snapshot->step = static_cast<int>(history_.size());
  history_.push_back(std::move(snapshot));
}

ResetPlacement Session::PlacementOf(int init) const {
  const auto sampler = task_->NewResetSampler();
  sampler->Seed(options_.seed);
  ResetPlacement placement = sampler->Sample();
  for (int i = 0; i < init; ++i) placement = sampler->Sample();
  return placement;
}

}  // namespace vega
