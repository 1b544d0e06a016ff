// The panels of the window: free functions over state the caller owns. Each draws itself where it
// is called; viewer.cc says where that is.

#pragma once

#include "viewer/viewer_state.h"

namespace vega {

// Play, speed, timeline, initial state.
void RunPanel(PanelContext& context);
// Instruction, each goal predicate's truth in numbers, success lamp, errors.
void TaskPanel(PanelContext& context);
// Suites and tasks with a search over instructions.
void BrowserPanel(PanelContext& context);
// What the policy saw, how it came to its answer, what it answered.
void AgentPanel(PanelContext& context);
// Pictures of the policy's cameras with gate, principal components and matches; part of AgentPanel.
void AgentPictures(PanelContext& context, const PolicyCall& call);
// Predicted against executed actions, and the robot's own numbers.
void CurvesPanel(PanelContext& context);
// Cameras and what is drawn.
void ScenePanel(PanelContext& context);
// One thing changed: an object, a camera, a light, the instruction; and forks.
void ChangePanel(PanelContext& context);
// A run on disk, finished or not.
void EvaluationPanel(PanelContext& context);

}  // namespace vega
