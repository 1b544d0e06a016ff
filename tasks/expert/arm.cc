#include "tasks/expert/arm.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vega {
namespace {

constexpr double kPositionScale = 0.05;  // m an action of 1 means
constexpr double kRotationScale = 0.5;   // rad
constexpr int kPatience = 8;             // steps without progress before giving up
constexpr double kProgress = 0.0005;     // m a step's best distance must shrink by to count
constexpr double kTurnProgress = 0.01;   // rad
constexpr double kSettled = 0.0007;      // m a step: fingers slower than this have settled
constexpr int kMinClose = 5, kMaxClose = 16;
constexpr int kMinOpen = 6, kMaxOpen = 14;
constexpr double kLoose = 0.015;  // m, opened further than the held width by this lets go

constexpr double kGentle = 0.012;        // m, a gentle release opens beyond the held width
constexpr double kOpeningAStep = 0.010;  // m, by which a step's command moves the fingers apart
constexpr int kSettleSteps = 4;

Vector3d Capped(const Vector3d& v, double limit) {
  const double norm = v.norm();
  return norm > limit ? Vector3d(v * (limit / norm)) : v;
}

}  // namespace

PlayAction Arm::Play(Action action) {
  grip_ = action[6];
  if (style_.noise > 0) {
    for (int i = 0; i < 3; ++i) action[i] += style_.noise * random_.Normal();
    for (int i = 3; i < 6; ++i) action[i] += style_.turn_noise * random_.Normal();
  }
  for (double& value : action) value = std::clamp(value, -1.0, 1.0);
  return {&channel_, action};
}

PlayAction Arm::Servo(const Pose& goal, const Motion& motion) {
  const Pose now = hand();
  const Vector3d move =
      Capped(motion.gain * (goal.p - now.p) / kPositionScale, motion.speed * style_.speed);
  const Vector3d turn =
      Capped(motion.turn_gain * RotationBetween(now.R, goal.R) / kRotationScale, motion.turn);
  return Play({move.x(), move.y(), move.z(), turn.x(), turn.y(), turn.z(), motion.grip});
}

Script Arm::Go(Goal goal, Motion motion, Until until) {
  double best = std::numeric_limits<double>::infinity(), best_angle = best;
  int idle = 0;
  for (int step = 0; step < motion.max_steps; ++step) {
    if (until && until()) co_return true;
    const Pose target = goal();
    const Pose now = hand();
    const double distance = (target.p - now.p).norm();
    const double angle = RotationBetween(now.R, target.R).norm();
    if (distance < motion.tolerance && angle < motion.angle) co_return true;
    const bool progress = distance < best - kProgress || angle < best_angle - kTurnProgress;
    best = std::min(best, distance);
    best_angle = std::min(best_angle, angle);
    idle = progress ? 0 : idle + 1;
    if (motion.give_up && idle >= kPatience) co_return false;
    co_await Servo(target, motion);
  }
  co_return until&& until();
}

Script Arm::Close() {
  const Pose here = hand();
  double before = world_.Opening();
  for (int step = 0; step < kMaxClose; ++step) {
    co_await Servo(here, {.speed = 0.3, .grip = kClosed});
    const double now = world_.Opening();
    if (step + 1 >= kMinClose && std::abs(now - before) < kSettled) break;
    before = now;
  }
  co_return true;
}

Script Arm::Release() {
  const Pose here = hand();
  const double held = world_.Opening();
  for (int step = 0; step < kMaxOpen; ++step) {
    co_await Servo(here, {.speed = 0.3, .grip = kOpen});
    if (step + 1 >= kMinOpen && world_.Opening() > held + kLoose) break;
  }
  co_return true;
}

Script Arm::ReleaseGently() {
  const Pose here = hand();
  const int steps = static_cast<int>(std::ceil((world_.Opening() + kGentle) / kOpeningAStep));
  for (int step = 0; step < steps; ++step) {
    co_await Servo(here, {.speed = 0.3, .grip = kOpen});
  }
  for (int step = 0; step < kSettleSteps; ++step) {
    co_await Servo(here, {.speed = 0.3, .grip = kStay});
  }
  co_return true;
}

Script Arm::Wait(int steps, double grip) {
  const Pose here = hand();
  for (int step = 0; step < steps; ++step) {
    co_await Servo(here, {.speed = 0.3, .grip = grip});
  }
  co_return true;
}

}  // namespace vega
