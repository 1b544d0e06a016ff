// The window used by scripted hands, under a virtual display (tests/viewer/under_xvfb.sh).

#include "viewer/viewer.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "policies/hold_policy.h"
#include "policies/random_policy.h"
#include "sim/base/error.h"
#include "tasks/suite/libero_suites.h"
#include "tests/viewer/hands.h"
#include "viewer/commands.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

TEST_CASE("a paused window holds time still, a step is one control step, play goes on",
          "[window]") {
  Hands hands;
  std::vector<int> steps;
  hands.Run({{{"wait_for", "step 0"}},
             {{"wait", 10}},
             {{"click", "Run/Step"}},
             {{"wait_for", "step 1"}},
             {{"wait", 10}},
             {{"click", "Run/Play"}},
             {{"wait_for", "step 5"}},
             {{"click", "Run/Pause"}},
             {{"wait", 10}}},
            [&](const Viewer& viewer) {
              if (const auto latest = SessionOf(viewer).latest()) steps.push_back(latest->step);
            });
  CHECK(std::count(steps.begin(), steps.end(), 0) >= 10);
  CHECK(std::count(steps.begin(), steps.end(), 1) >= 10);
  CHECK(std::count(steps.begin(), steps.end(), steps.back()) >= 8);
  CHECK(std::is_sorted(steps.begin(), steps.end()));
}

TEST_CASE("scrubbing back and playing again gives the same states", "[window]") {
  Hands hands;
  std::map<int, std::vector<uint64_t>> hashes;  // by step, one a pass
  int shown = -1;
  hands.Run({{{"click", "Run/Play"}},
             {{"wait_for", "step 12"}},
             {{"click", "Run/Pause"}},
             {{"wait_for", "idle"}},
             {{"set", "Run/timeline"}, {"value", "5"}},
             {{"wait", 3}},
             {{"click", "Run/Play"}},
             {{"wait", 2}},
             {{"wait_for", "step 12"}},
             {{"click", "Run/Pause"}}},
            [&](const Viewer& viewer) {
              shown = std::max(shown, viewer.stage().lanes[0].shown_step);
              const auto latest = SessionOf(viewer).latest();
              if (latest == nullptr) return;
              auto& seen = hashes[latest->step];
              if (seen.empty() || seen.back() != latest->hash) seen.push_back(latest->hash);
            });
  CHECK(shown == 5);
  for (const auto& [step, seen] : hashes) {
    INFO("step " << step);
    CHECK(seen.size() == 1);
  }
}

TEST_CASE("an instruction typed in the window reaches the policy's next call", "[window]") {
  Hands hands;
  hands.Run({{{"wait_for", "step 0"}},
             {{"click", "Run/Step"}},
             {{"wait_for", "step 1"}},
             {{"set", "Task/##instruction"}, {"value", "lift the box"}},
             {{"click", "Run/Play"}},
             {{"wait_for", "step 6"}}});
  REQUIRE(hands.heard.size() >= 2);
  CHECK(hands.heard[0] == "push the box");
  CHECK(hands.heard[1] == "lift the box");
}

TEST_CASE("gate, fusion and policy are switched live and a failure is shown", "[window]") {
  Hands hands;
  std::string error;
  hands.Run({{{"wait_for", "step 0"}},
             {{"click", "Inspect/Agent"}},
             {{"click", "Agent/0 generative"}},
             {{"wait_for", "idle"}},
             {{"click", "Agent/fusion"}},
             {{"click", "Agent/fusion/add"}},
             {{"wait_for", "idle"}},
             {{"click", "Agent/policy"}},
             {{"click", "Agent/policy/missing"}},
             {{"wait", 20}}},
            [&](const Viewer& viewer) { error = SessionOf(viewer).error(); });
  REQUIRE(hands.opened.size() >= 4);
  CHECK(hands.opened[1].second.gate == 0.0);
  CHECK(hands.opened[2].second.fusion == "add");
  CHECK(hands.opened[2].second.gate == 0.0);
  CHECK(hands.opened[3].first == "missing");
  CHECK(error == "there is no such policy");
}

TEST_CASE("a fork runs two futures that part after the change", "[window]") {
  Hands hands;
  std::array<std::map<int, uint64_t>, 2> hashes;
  hands.Run({{{"click", "Run/Play"}},
             {{"wait_for", "step 6"}},
             {{"click", "Run/Pause"}},
             {{"wait_for", "idle"}},
             {{"key", "Ctrl+F"}},
             {{"wait", 3}},
             {{"wait_for", "idle"}},
             {{"click", "Agent/policy"}},
             {{"click", "Agent/policy/seeing"}},
             {{"set", "Task/##instruction"}, {"value", "lift the box"}},
             {{"key", "Space"}},
             {{"wait_for", "step 14"}},
             {{"key", "Space"}},
             {{"key", "Tab"}},
             {{"wait", 2}},
             {{"key", "Ctrl+W"}},
             {{"wait", 3}}},
            [&](const Viewer& viewer) {
              for (size_t i = 0; i < viewer.stage().lanes.size(); ++i) {
                SessionOf(viewer, i).ForEach(
                    [&](const Snapshot& snapshot) { hashes[i][snapshot.step] = snapshot.hash; });
              }
            });
  REQUIRE(hashes[1].contains(14));
  CHECK(hashes[0][3] == hashes[1][3]);
  CHECK(std::count(hands.heard.begin(), hands.heard.end(), "lift the box") >= 1);
  CHECK(std::count(hands.heard.begin(), hands.heard.end(), "push the box") >= 3);
}

// Looks through both cameras and holds still; its tokens are all alike.
class LookingPolicy : public Policy {
 public:
  LookingPolicy() {
    contract_.cameras = {"agentview", "robot0_eye_in_hand"};
    contract_.image_size = 16;
  }
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput&) override { return {kNoOp}; }
  bool remembers() const override { return false; }
  std::optional<PolicyInsight> Insight() const override {
    const TokenMap tokens{2, 3, std::vector<float>(12, 0.5f)};
    const TokenMap gate{2, 1, std::vector<float>(4, 0.5f)};
    const CameraInsight camera{tokens, tokens, tokens, gate};
    return PolicyInsight{{camera, camera}, {{"head", 1.0}}};
  }

 private:
  PolicyContract contract_;
};

TEST_CASE("a hovered token is compared while the episode is forked", "[window]") {
  Hands hands;
  hands.sources.load_task = [](const std::string&, int) {
    return LoadTask(LoadSuite("libero_object"), 0);
  };
  hands.sources.open_policy = [](const std::string& name, const PolicyOptions&) {
    return PolicySource{.name = name, .make = [] { return std::make_unique<LookingPolicy>(); }};
  };
  size_t lanes = 0;
  int gl_errors = 0;
  hands.Run({{{"wait_for", "step 0"}},
             {{"click", "Run/Step"}},
             {{"wait_for", "step 1"}},
             {{"wait", 2}},
             {{"hover", "Agent/picture/0"}, {"at_part", {0.7, 0.7}}},
             {{"wait", 2}},
             {{"key", "Ctrl+F"}},
             {{"wait", 4}},
             {{"wait_for", "idle"}},
             {{"wait", 2}}},
            [&](const Viewer& viewer) {
              lanes = viewer.stage().lanes.size();
              gl_errors = viewer.gl_errors();
            });
  CHECK(lanes == 2);
  CHECK(gl_errors == 0);
}

TEST_CASE("a body selected and dragged with Ctrl moves", "[window]") {
  Hands hands;
  // where the box is in the picture
  std::array<float, 2> box{-1, -1};
  // its scene is all collision shapes
  hands.Run({{{"wait_for", "step 0"}}, {{"key", "6"}}, {{"wait", 3}}}, [&](const Viewer& viewer) {
    const Lane& lane = viewer.stage().lanes[0];
    if (viewer.state().scene_rects.empty()) return;
    const Rect& rect = viewer.state().scene_rects[0];
    const ImVec2 window = {900, 560};
    const int body = lane.view->model().nbody - 1;
    float sum_x = 0, sum_y = 0, hits = 0;
    for (float x = 0.02f; x < 1; x += 0.02f) {
      for (float y = 0.02f; y < 1; y += 0.02f) {
        const auto picked = lane.view->Pick(x, y, rect.width() / rect.height());
        if (!picked || picked->body != body) continue;
        sum_x += x;
        sum_y += y;
        ++hits;
      }
    }
    if (hits == 0) return;
    box = {(rect.min.x + sum_x / hits * rect.width()) / window.x,
           (rect.max.y - sum_y / hits * rect.height()) / window.y};
  });
  REQUIRE(box[0] > 0);
  std::vector<double> first, last;
  int selected = -1;
  hands.Run({{{"wait_for", "step 0"}},
             {{"key", "6"}},
             {{"wait", 3}},
             {{"double_click", box}},
             {{"wait", 3}},
             {{"drag", {box, {box[0] + 0.1f, box[1]}}}, {"button", "right"}, {"ctrl", true}},
             {{"wait_for", "idle"}},
             {{"wait", 3}}},
            [&](const Viewer& viewer) {
              selected = viewer.state().selected_body;
              if (const auto latest = SessionOf(viewer).latest()) {
                if (first.empty()) first = latest->state;
                last = latest->state;
              }
            });
  const ModelPtr compiled = FakeModel();
  const mjModel& model = *compiled;
  CHECK(selected == model.nbody - 1);
  const int address = 1 + model.jnt_qposadr[model.body_jntadr[model.nbody - 1]];
  const double moved =
      std::hypot(last[address] - first[address], last[address + 1] - first[address + 1]);
  CHECK(moved > 0.01);
}

TEST_CASE("every menu item and every key works without an OpenGL error", "[window]") {
  Hands hands;
  Json script = {{{"wait_for", "step 0"}}};
  for (const Command& command : Commands()) {
    if (std::string_view(command.label) == "Quit") continue;
    const std::string menu = command.menu;
    script.push_back({{"click", "Menu/" + menu}});
    script.push_back({{"click", "Menu/" + menu + "/" + command.label}});
    script.push_back({{"wait_for", "idle"}});
    if (command.key != 0) script.push_back({{"key", KeyName(command)}});
    script.push_back({{"wait", 2}});
  }
  for (const char* tab : {"Inspect/Curves", "Inspect/Scene", "Inspect/Evaluation", "Inspect/Agent",
                          "Browse/Change", "Browse/Suites"}) {
    script.push_back({{"click", tab}});
    script.push_back({{"wait", 2}});
  }
  script.push_back({{"key", "Ctrl+Q"}});
  int frames = 0, gl_errors = 0;
  hands.Run(script, [&](const Viewer& viewer) {
    ++frames;
    gl_errors = viewer.gl_errors();
  });
  CHECK(frames > 100);
  CHECK(gl_errors == 0);
  int pictures = 0, videos = 0;
  for (const auto& entry : fs::directory_iterator(hands.folder())) {
    pictures += entry.path().extension() == ".png";
    videos += entry.path().extension() == ".mp4";
  }
  CHECK(pictures >= 1);
  CHECK(videos >= 1);
}

// Thinks until it is let go.
class SlowPolicy : public Policy {
 public:
  explicit SlowPolicy(const std::atomic<bool>& let_go) : let_go_(let_go) {}
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput&) override {
    while (!let_go_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return {kNoOp};
  }

 private:
  PolicyContract contract_;
  const std::atomic<bool>& let_go_;
};

// A window whose policy thinks for ever.
void UseSlowPolicy(Hands& hands, const std::atomic<bool>& let_go) {
  hands.options.paused = false;
  hands.sources.open_policy = [&let_go](const std::string& name, const PolicyOptions&) {
    return PolicySource{.name = name,
                        .make = [&let_go] { return std::make_unique<SlowPolicy>(let_go); }};
  };
}

int64_t Milliseconds() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// run by the test below, in a process of its own: closing ends that process
TEST_CASE("a window with a slow policy is closed", "[.slow]") {
  Hands hands;
  const std::atomic<bool> let_go = false;
  UseSlowPolicy(hands, let_go);
  hands.Run({{{"wait_for", "step 0"}}, {{"key", "Ctrl+F"}}, {{"wait", 10}}});
}

TEST_CASE("closing the window ends all within a second, a policy at work or not", "[window]") {
  const fs::path lines = fs::temp_directory_path() / ("vega_slow_" + std::to_string(getpid()));
  const std::string command =
      fs::read_symlink("/proc/self/exe").string() + " '[.slow]' >/dev/null 2>" + lines.string();
  const int64_t begun = Milliseconds();
  CHECK(std::system(command.c_str()) == 0);
  CHECK(Milliseconds() - begun < 20000);
  std::ifstream in(lines);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  CHECK(text.find("closed while policy seeing was at work") != std::string::npos);
  // from the last frame to the end, as the process itself tells it
  const size_t told = text.find("after ");
  REQUIRE(told != std::string::npos);
  CHECK(std::stod(text.substr(told + 6)) < 1.0);
  fs::remove(lines);
}

TEST_CASE("a policy at work does not hold up the next task", "[window]") {
  Hands hands;
  std::atomic<bool> let_go = false;
  UseSlowPolicy(hands, let_go);
  int64_t last = 0, longest = 0;
  bool switched = false;
  hands.Run({{{"wait_for", "step 0"}}, {{"wait", 5}}, {{"key", "PageDown"}}, {{"wait", 20}}},
            [&](const Viewer& viewer) {
              const int64_t now = Milliseconds();
              if (last > 0) longest = std::max(longest, now - last);
              last = now;
              if (SessionOf(viewer).task().info().index == 1) switched = let_go = true;
            });
  CHECK(switched);
  CHECK(longest < 1500);
}

TEST_CASE("what a script cannot do is one line that says where", "[window]") {
  Hands hands;
  CHECK_THROWS_WITH(
      hands.Run({{{"wait_for", "step 0"}}, {{"wait", 2}}, {{"click", "Run/Fly"}}}),
      Catch::Contains("entry 3") && Catch::Contains("Run/Fly") && Catch::Contains("Run/Play"));
  CHECK_THROWS_WITH(hands.Run({{{"dance", 1}}}), Catch::Contains("entry 1"));
  hands.options.run = hands.folder() / "no-run";
  CHECK_THROWS_WITH(hands.Run(Json::array()), Catch::Contains("is not the folder of a run"));
}

}  // namespace
}  // namespace vega
