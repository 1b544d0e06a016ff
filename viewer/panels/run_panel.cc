#include <imgui.h>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"
#include "viewer/viewer.h"

namespace vega {

void RunPanel(PanelContext& c) {
  Session& session = *c.lane.session;
  Ui& ui = c.ui;
  const bool playing = session.playing() && !c.shown->over;
  if (ui.Button(playing ? "Pause" : "Play")) TogglePlay(c);
  ImGui::SameLine();
  if (ui.Button("Step")) StepOnce(c, false);
  ImGui::SameLine();
  if (ui.Button("Physics step")) StepOnce(c, true);
  ImGui::SameLine();
  if (ui.Button("Restart")) Restart(c, session.init());
  ImGui::SameLine();
  const bool behind = c.lane.shown_step >= 0;
  if (ui.Button("Go on from here", behind)) {
    session.GoOnFrom(c.shown->step);
    c.lane.shown_step = -1;
  }
  ImGui::SameLine();
  if (ui.Button("Fork here")) c.later([](Viewer& viewer) { viewer.Fork(); });
  if (ui.Button("<")) Restart(c, session.init() - 1);
  ImGui::SameLine();
  ImGui::Text("init %d", session.init());
  ImGui::SameLine();
  if (ui.Button(">")) Restart(c, session.init() + 1);
  ImGui::SameLine();
  float speed = static_cast<float>(session.speed());
  ImGui::SetNextItemWidth(8 * ImGui::GetFontSize());
  if (ui.SliderFloat("speed", &speed, 1 / 16.0f, 8, "%.3gx", /*logarithmic=*/true)) {
    for (Lane& lane : c.stage.lanes) lane.session->SetSpeed(speed);
  }
  ImGui::SameLine(0, 2 * ImGui::GetFontSize());
  if (playing) {
    ImGui::Text("real time x%.2f", session.realtime_factor());
  } else {
    ImGui::TextDisabled("paused");
  }

  const SnapshotPtr latest = session.latest();
  int step = c.shown->step;
  ImGui::SetNextItemWidth(-5 * ImGui::GetFontSize());
  if (ui.SliderInt("timeline", &step, 0, latest ? latest->step : 0, "step %d")) ShowStep(c, step);
  if (c.lane.shown_substep >= 0) {
    ImGui::TextDisabled("physics step %d of 25 (2 ms each) on the way to step %d",
                        c.lane.shown_substep, c.shown->step);
  } else {
    ImGui::TextDisabled("%.2f s simulated, state %016llx%s", c.shown->state[0],
                        static_cast<unsigned long long>(c.shown->hash),
                        c.shown->over ? "   the episode is over" : "");
  }
}

}  // namespace vega
