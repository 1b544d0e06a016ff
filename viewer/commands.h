// Everything the window can be told to do, in one table: the menus, the shortcuts and the help
// sheet are made from it.

#pragma once

#include <string>
#include <vector>

#include "viewer/viewer_state.h"

namespace vega {

struct Command {
  const char* menu;   // e.g. "Run"
  const char* label;  // e.g. "Play, pause"
  int key = 0;        // GLFW key; 0: none
  bool ctrl = false;
  void (*run)(PanelContext&) = nullptr;
  bool (*checked)(const PanelContext&) = nullptr;  // for switches; null: not one
};

const std::vector<Command>& Commands();
std::string KeyName(const Command& command);  // e.g. "Ctrl+F"; empty without a key

// The menu bar; its height in screen units.
float MenuBar(PanelContext& context);
// Runs the commands whose keys went down, unless text is being typed.
void HandleKeys(PanelContext& context);
// All commands with their keys, and what the mouse does; shown while state.show_help.
void HelpSheet(PanelContext& context);

// What several places do.
void TogglePlay(PanelContext& context);
void StepOnce(PanelContext& context, bool physics);
void ShowStep(PanelContext& context, int step);
void Restart(PanelContext& context, int init);
void OpenTask(PanelContext& context, const std::string& suite, int task);
void ChoosePolicy(PanelContext& context, const PolicyChoice& choice);

}  // namespace vega
