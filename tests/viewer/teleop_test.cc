// A gamepad's state to actions.

#include "viewer/teleop.h"

#include <catch2/catch.hpp>

namespace vega {
namespace {

TEST_CASE("a gamepad's sticks move the hand and A toggles the gripper") {
  bool closed = false, was_down = false;
  Action action{};
  AddGamepad({.left_x = 0.5f, .left_y = -1, .right_x = 0.25f, .right_y = 0.05f}, action, closed,
             was_down);
  CHECK(action[0] == 1);     // forwards
  CHECK(action[1] == -0.5);  // to the right
  CHECK(action[2] == 0);     // a stick at rest is never quite in the middle
  CHECK(action[5] == -0.25);
  CHECK_FALSE(closed);
  for (int frame = 0; frame < 3; ++frame) AddGamepad({.a = true}, action, closed, was_down);
  CHECK(closed);  // once, however long it is held
  AddGamepad({}, action, closed, was_down);
  AddGamepad({.a = true}, action, closed, was_down);
  CHECK_FALSE(closed);
}

}  // namespace
}  // namespace vega
