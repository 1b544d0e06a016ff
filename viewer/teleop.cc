// Keys and sticks to an action.

#include "viewer/teleop.h"

#include <GLFW/glfw3.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>

namespace vega {
namespace {

constexpr double kKeySpeed = 0.5;   // of full speed, translations
constexpr double kKeyTurn = 0.4;    // of full speed, rotations
constexpr double kDeadZone = 0.12;  // of a stick's way

double Key(int positive, int negative, double speed) {
  return speed * ((ImGui::IsKeyDown(positive) ? 1 : 0) - (ImGui::IsKeyDown(negative) ? 1 : 0));
}

double Stick(float value) { return std::abs(value) < kDeadZone ? 0 : value; }

}  // namespace

std::optional<Gamepad> ReadGamepad() {
  GLFWgamepadstate pad;
  if (!glfwJoystickIsGamepad(GLFW_JOYSTICK_1) || !glfwGetGamepadState(GLFW_JOYSTICK_1, &pad)) {
    return {};
  }
  return Gamepad{pad.axes[GLFW_GAMEPAD_AXIS_LEFT_X], pad.axes[GLFW_GAMEPAD_AXIS_LEFT_Y],
                 pad.axes[GLFW_GAMEPAD_AXIS_RIGHT_X], pad.axes[GLFW_GAMEPAD_AXIS_RIGHT_Y],
                 pad.buttons[GLFW_GAMEPAD_BUTTON_A] == GLFW_PRESS};
}

void AddGamepad(const Gamepad& pad, Action& action, bool& closed, bool& was_down) {
  action[0] -= Stick(pad.left_y);
  action[1] -= Stick(pad.left_x);
  action[2] -= Stick(pad.right_y);
  action[5] -= Stick(pad.right_x);
  if (pad.a && !was_down) closed = !closed;
  was_down = pad.a;
}

Action ReadHands(bool& closed) {
  Action action{};
  if (!ImGui::GetIO().WantTextInput) {
    action[0] = Key(GLFW_KEY_W, GLFW_KEY_S, kKeySpeed);
    action[1] = Key(GLFW_KEY_A, GLFW_KEY_D, kKeySpeed);
    action[2] = Key(GLFW_KEY_R, GLFW_KEY_F, kKeySpeed);
    action[3] = Key(GLFW_KEY_J, GLFW_KEY_L, kKeyTurn);
    action[4] = Key(GLFW_KEY_I, GLFW_KEY_K, kKeyTurn);
    action[5] = Key(GLFW_KEY_U, GLFW_KEY_O, kKeyTurn);
    if (ImGui::IsKeyPressed(GLFW_KEY_G, false)) closed = !closed;
  }
  static bool was_down = false;  // the pad's button A
  if (const auto pad = ReadGamepad()) AddGamepad(*pad, action, closed, was_down);
  for (double& value : action) value = std::clamp(value, -1.0, 1.0);
  action[6] = closed ? 1 : -1;
  return action;
}

}  // namespace vega
