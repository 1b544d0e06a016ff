// A person in the policy's place.

#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "policies/policy.h"

namespace vega {

// Where hands leave the action of now and the simulation takes it; shared by both threads.
class TeleopInput {
 public:
  void Set(const Action& action) {
    const std::lock_guard lock(mutex_);
    action_ = action;
  }
  Action Get() const {
    const std::lock_guard lock(mutex_);
    return action_;
  }

 private:
  mutable std::mutex mutex_;
  Action action_ = kNoOp;
};

// Answers what hands do at the moment it is asked, one action at a time.
class TeleopPolicy : public Policy {
 public:
  explicit TeleopPolicy(std::shared_ptr<const TeleopInput> input) : input_(std::move(input)) {}
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput&) override { return {input_->Get()}; }
  bool remembers() const override { return false; }

 private:
  PolicyContract contract_;
  std::shared_ptr<const TeleopInput> input_;
};

// A gamepad at one moment: sticks in [-1,1], right and down positive.
struct Gamepad {
  float left_x = 0, left_y = 0, right_x = 0, right_y = 0;
  bool a = false;  // the button is down
};

// The first gamepad, where there is one. Needs a GLFW window.
std::optional<Gamepad> ReadGamepad();
// Adds what the pad says to `action`; `closed` changes when A goes down, `was_down` remembers it.
void AddGamepad(const Gamepad& pad, Action& action, bool& closed, bool& was_down);

// The hands of now: the first gamepad where there is one, and the keys that are down.
//   w s   away from and towards the robot's base (x)      a d   left, right (y)      r f   up, down
//   i k   turn about y                                   j l   about x              u o   about z
//   g     close or open the gripper (a toggle; `closed`)
// Stick 1 moves in x and y, stick 2 turns about z and moves in z, button A toggles the gripper.
// Needs a GLFW window; keys are those ImGui saw, none while text is typed.
Action ReadHands(bool& closed);

}  // namespace vega
