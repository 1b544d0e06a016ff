// vega probe: what frozen features know of space.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/probe_report.h"
#include "apps/tower_flags.h"
#include "apps/version.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/safetensors.h"
#include "sim/egl_renderer.h"
#include "tasks/evaluation/task_list.h"
#include "tasks/scene_views.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr int kInterrupted = 130;

struct ProbeOptions {
  std::string suite = "libero_90";
  std::string tasks;
  int scenes = 20;
  int pictures = 3;
  std::string out;
  uint64_t seed = 42;
  SceneViewOptions views = {.clip_length = 5};
  CorrespondenceProbeOptions probe;
};

// "KITCHEN_SCENE1_open_the_drawer" is one of the tasks of KITCHEN_SCENE1
std::string SceneOf(const TaskEntry& task) {
  static const std::regex kScene("^(.*SCENE[0-9]+)_.*");
  std::smatch match;
  return std::regex_match(task.name, match, kScene) ? match[1].str() : task.name;
}

// `count` tasks spread over the suite, of as many different scenes as there are
std::vector<int> SpreadTasks(const Suite& suite, int count) {
  std::vector<int> order, repeated;
  std::set<std::string> seen;
  for (int i = 0; i < static_cast<int>(suite.tasks.size()); ++i) {
    (seen.insert(SceneOf(suite.tasks[i])).second ? order : repeated).push_back(i);
  }
  const int distinct = static_cast<int>(order.size());
  if (count <= distinct) {
    for (int i = 0; i < count; ++i) order[i] = order[int64_t{i} * distinct / count];
  } else {
    order.insert(order.end(), repeated.begin(), repeated.end());
  }
  if (count > static_cast<int>(order.size())) {
    throw Error(fmt::format("{} has {} tasks, not {}", suite.name, order.size(), count),
                "ask for fewer --scenes");
  }
  order.resize(count);
  return order;
}

// What the views were, so that others can probe the same ones.
class ViewFile {
 public:
  void Add(const std::vector<ViewClip>& clips) {
    for (const ViewClip& clip : clips) {
      const DepthView& view = clip.view;
      for (const Image& frame : clip.earlier) Append(frames_, frame.pixels);
      Append(frames_, view.image.pixels);
      Append(depth_, view.depth);
      const PinholeCamera& c = view.camera;
      Append(intrinsics_,
             std::vector<double>{c.focal, 0, 0.5 * c.width, 0, c.focal, 0.5 * c.height, 0, 0, 1});
      for (int row = 0; row < 3; ++row) {
        pose_.insert(pose_.end(), c.rotation.begin() + 3 * row, c.rotation.begin() + 3 * row + 3);
        pose_.push_back(c.position[row]);
      }
      Append(pose_, std::vector<double>{0, 0, 0, 1});
      scene_.push_back(scenes_);
    }
    ++scenes_;
  }

  void Write(const fs::path& file, const SceneViewOptions& o) const {
    const auto count = static_cast<int64_t>(scene_.size());
    SafetensorsWriter writer;
    writer.Add("frames", {count, o.clip_length, o.size, o.size, 3}, frames_);
    writer.Add("depth", {count, o.size, o.size}, depth_);
    writer.Add("intrinsics", {count, 3, 3}, intrinsics_);
    writer.Add("pose", {count, 4, 4}, pose_);
    writer.Add("scene", {count}, scene_);
    writer.SetMetadata("orientation", "row-0-top");
    writer.SetMetadata("depth", "m along the optical axis, 0 where nothing is");
    writer.SetMetadata("pose", "camera (x right, y down, z forward) to world, m");
    writer.Write(file);
  }

 private:
  template <typename T>
  static void Append(std::vector<T>& to, const std::vector<T>& values) {
    to.insert(to.end(), values.begin(), values.end());
  }

  std::vector<uint8_t> frames_;
  std::vector<float> depth_;
  std::vector<double> intrinsics_, pose_;
  std::vector<int64_t> scene_;
  int64_t scenes_ = 0;
};

nlohmann::ordered_json Settings(const ProbeOptions& o, const EglRenderer& renderer) {
  return {{"probe", "correspondence"},
          {"suite", o.suite},
          {"agent", o.probe.agent},
          {"views", o.views.views},
          {"size", o.views.size},
          {"clip", o.views.clip_length},
          {"voxel_m", o.probe.score.voxel},
          {"min_cosine", o.probe.score.min_cosine},
          {"init", o.views.init},
          {"seed", o.seed},
          {"device", o.probe.device},
          {"renderer", renderer.name()},
          {"torch", OpenTorchModule().torch_version},
          {"git_commit", GitCommit()}};
}

void MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(fmt::format("cannot make {}: {}", folder.string(), error.message()));
}

int Correspondence(ProbeOptions options) {
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  options.views.seed = options.probe.seed = options.seed;
  const Suite suite = LoadSuite(options.suite);
  const std::vector<int> tasks = options.tasks.empty() ? SpreadTasks(suite, options.scenes)
                                                       : ParseTaskList(options.tasks, suite);
  const fs::path out = options.out;
  if (!out.empty()) MakeFolder(out);
  const auto probe = OpenTorchModule().open_correspondence_probe(options.probe);
  EglRenderer renderer;
  fmt::print(stderr, "renderer: {}{}\n", renderer.name(),
             renderer.software() ? "  ** SOFTWARE **" : "");

  std::vector<ProbedScene> scenes;
  ViewFile views;
  for (const int index : tasks) {
    if (stop) break;
    const auto task = LoadTask(suite, index);
    const std::vector<ViewClip> clips = SceneViews(task, options.views, renderer);
    const std::string name = fmt::format("{}/{}", suite.name, task->info().name);
    const bool draw = !out.empty() && static_cast<int>(scenes.size()) < options.pictures;
    if (draw) MakeFolder(out / "pictures");
    probe->Add(name, clips, draw ? out / "pictures" : "");
    scenes.push_back({suite.name, task->info().name, {}});
    if (!out.empty()) views.Add(clips);
    fmt::print(stderr, "[{}/{}] {}\n", scenes.size(), tasks.size(), name);
  }
  const auto scores = probe->Scores();
  for (size_t i = 0; i < scenes.size(); ++i) scenes[i].scores = scores[i];
  const bool whole = scenes.size() == tasks.size();
  auto json = Settings(options, renderer);
  json["interrupted"] = !whole;
  json.update(CorrespondenceJson(probe->towers(), scenes));
  if (!out.empty()) {
    if (!scenes.empty()) views.Write(out / "views.safetensors", options.views);
    AtomicFile file(out / "results.json");
    file.Write(json.dump(2) + "\n");
    file.Commit();
  }
  fmt::print("{} scenes of {}, {} views each, voxels of {} m, seed {}\n{}", scenes.size(),
             suite.name, options.views.views, options.probe.score.voxel, options.seed,
             CorrespondenceTable(json));
  if (!out.empty()) fmt::print("{}\n", (out / "results.json").string());
  if (whole) return 0;
  fmt::print(stderr, "vega probe: interrupted after {} of {} scenes\n", scenes.size(),
             tasks.size());
  return kInterrupted;
}

}  // namespace

std::function<int()> AddProbe(CLI::App& mode) {
  auto o = std::make_shared<ProbeOptions>();
  mode.require_subcommand(1);
  CLI::App& c = *mode.add_subcommand(
      "correspondence",
      "Are tokens of one place alike from two sides, and more alike than others? Views of LIBERO "
      "scenes with MuJoCo's exact depth; score, chance level, retrieval and mutual matches of "
      "every "
      "tower and control.");
  c.add_option("--suite", o->suite, "suite name, see vega suites");
  c.add_option("--tasks", o->tasks, "tasks as indices, ranges or names; default: see --scenes");
  c.add_option("--scenes", o->scenes,
               "tasks spread over the suite, each in another scene if it can")
      ->check(CLI::Range(1, 1000));
  c.add_option("--towers", o->probe.towers,
               "what is compared, with commas: an agent, wan_t2v, wan_vace, vae (=FOLDER for their "
               "weights), semantic, pixels, random, and the controls random-init, noise-only, "
               "shuffled-frames, each of --agent or :TOWER; default all of --agent")
      ->delimiter(',');
  c.add_option("--agent", o->probe.agent, "vega-tiny or a checkpoint folder");
  c.add_option("--views", o->views.views, "of each scene")->check(CLI::Range(2, 1000));
  c.add_option("--clip", o->views.clip_length,
               "frames a view's clip has, 1 + 4 n; towers of independent frames see the last")
      ->check(CLI::Range(1, 1001));
  c.add_option("--render", o->views.size, "picture size in pixels")->check(CLI::Range(8, 4096));
  c.add_option("--init", o->views.init, "initial state of each task")
      ->check(CLI::NonNegativeNumber);
  c.add_option("--voxel", o->probe.score.voxel, "side of a voxel, m")
      ->check(CLI::Range(0.001, 100.0));
  c.add_option("--min-cosine", o->probe.score.min_cosine, "of a match that counts as confident")
      ->check(CLI::Range(-1.0, 1.0));
  c.add_option("--seed", o->seed, "seed of views and noise");
  c.add_option("--pictures", o->pictures, "scenes to draw matches and components of, into --out")
      ->check(CLI::NonNegativeNumber);
  c.add_option("--out", o->out, "folder for results.json, views.safetensors and pictures");
  // of towers that are no agent's; which, and with what weights, --towers says
  const auto finish = AddTowerFlags(c, o->probe.tower);
  for (const char* flag : {"--tower", "--weights"}) c.remove_option(c.get_option(flag));
  return [o, finish] {
    finish();
    o->probe.device = o->probe.tower.device;
    return Correspondence(*o);
  };
}

}  // namespace vega
