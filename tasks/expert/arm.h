// The expert's arm: poses and grips as scripts over the 20 Hz actions of the OSC controller.

#pragma once

#include <functional>
#include <limits>

#include "sim/base/random.h"
#include "tasks/expert/script.h"
#include "tasks/expert/world.h"

namespace vega {

inline constexpr double kOpen = -1, kClosed = 1, kStay = 0;  // gripper commands

// How a move is made and when it is over.
struct Motion {
  double speed = 1;          // of full speed, 0.25 m/s
  double tolerance = 0.008;  // m
  double angle = 0.06;       // rad
  int max_steps = 60;        // control steps
  double grip = kOpen;
  double turn = 1;  // of full turning speed
  double gain = 1.6, turn_gain = 1.8;
  bool give_up = true;  // end early when neither distance nor angle gets smaller
};

// Chance in how motions are made; all zero: none.
struct MotionStyle {
  double speed = 1;  // factor of every speed
  double noise = 0;  // standard deviation of the translation, of full speed
  double turn_noise = 0;
};

class Arm {
 public:
  Arm(const World& world, ScriptChannel& channel, MotionStyle style, RandomStream random)
      : world_(world), channel_(channel), style_(style), random_(random) {}
  Arm(const Arm&) = delete;

  const World& world() const { return world_; }
  Pose hand() const { return world_.Hand(); }

  // Plays one action.
  PlayAction Play(Action action);
  // Plays one action that servoes the hand's site towards `goal`.
  PlayAction Servo(const Pose& goal, const Motion& motion);

  using Goal = std::function<Pose()>;
  using Until = std::function<bool()>;
  // Servoes to a goal that may move, until it is reached or `until` holds: true. False when it gave
  // up.
  Script Go(Goal goal, Motion motion, Until until = {});
  // Opens or closes, holding the pose, until the fingers have settled.
  Script Close();
  Script Release();
  // Opens no further than it takes to let go, for narrow places; to be followed by kStay.
  Script ReleaseGently();
  // Holds the pose for some steps.
  Script Wait(int steps, double grip);

  double grip() const { return grip_; }  // last gripper command

 private:
  const World& world_;
  ScriptChannel& channel_;
  MotionStyle style_;
  RandomStream random_;
  double grip_ = kOpen;
};

}  // namespace vega
