// vega probe: what frozen features know of space and of things.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/probe/linear_probe.h"
#include "apps/interrupt.h"
#include "apps/linear_report.h"
#include "apps/modes.h"
#include "apps/probe_report.h"
#include "apps/probe_scenes.h"
#include "policies/torch_module.h"
#include "sim/base/file.h"
#include "sim/base/safetensors.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr int kLeastScenes = 3;  // of a linear probe

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

struct CorrespondenceFlags {
  ProbeScenes scenes;
  CorrespondenceOptions score;
  int pictures = 3;
};

void SayRenderer(const EglRenderer& renderer) {
  fmt::print(stderr, "renderer: {}{}\n", renderer.name(),
             renderer.software() ? "  ** SOFTWARE **" : "");
}

int Correspondence(const CorrespondenceFlags& flags) {
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  const ProbeScenes& options = flags.scenes;
  const ProbeTasks chosen = ChooseTasks(options, 1);
  const auto probe = OpenTorchModule().open_correspondence_probe({options.towers, flags.score});
  EglRenderer renderer;
  SayRenderer(renderer);
  ViewFile views;
  const fs::path out = options.out;
  bool whole = false;
  const auto tasks = SeeScenes(
      chosen, options.views, renderer, stop,
      [&](const std::string& name, SeenScene& scene, size_t index) {
        const bool draw = !out.empty() && static_cast<int>(index) < flags.pictures;
        if (draw) MakeFolders(out / "pictures");
        probe->Add(name, scene.clips, draw ? out / "pictures" : "");
        if (!out.empty()) views.Add(scene.clips);
      },
      whole);
  const auto scores = probe->Scores();
  std::vector<ProbedScene> scenes;
  for (size_t i = 0; i < tasks.size(); ++i) {
    scenes.push_back({tasks[i].suite, tasks[i].task, scores[i]});
  }
  auto json = ProbeSettings("correspondence", options, renderer);
  json["voxel_m"] = flags.score.voxel;
  json["min_cosine"] = flags.score.min_cosine;
  json["interrupted"] = !whole;
  json.update(CorrespondenceJson(probe->towers(), scenes));
  if (!out.empty() && !scenes.empty()) views.Write(out / "views.safetensors", options.views);
  fmt::print("{} scenes of {}, {} views each, voxels of {} m, seed {}\n{}", scenes.size(),
             options.suite, options.views.views, flags.score.voxel, options.seed,
             CorrespondenceTable(json));
  return FinishProbe(options, json, scenes.size(), whole);
}

struct LinearFlags {
  ProbeScenes scenes;
  int folds = 5;
};

int Linear(const LinearFlags& flags, bool spatial) {
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  const ProbeScenes& options = flags.scenes;
  const ProbeTasks chosen = ChooseTasks(options, kLeastScenes);
  const auto probe = OpenTorchModule().open_linear_probe({options.towers, flags.folds});
  EglRenderer renderer;
  SayRenderer(renderer);
  bool whole = false;
  const auto tasks = SeeScenes(
      chosen, options.views, renderer, stop,
      [&](const std::string& name, SeenScene& scene, size_t) {
        probe->Add({name, std::move(scene.clips), scene.base_position, scene.base_rotation,
                    scene.geom_categories});
      },
      whole);
  auto json = ProbeSettings(spatial ? "spatial" : "grounding", options, renderer);
  json["folds"] = flags.folds;
  json["interrupted"] = !whole;
  json["scenes"] = nlohmann::ordered_json::array();
  for (const ProbedTask& task : tasks) json["scenes"].push_back(task.suite + "/" + task.task);
  json.update(spatial ? SpatialJson(probe->towers(), probe->Spatial())
                      : GroundingJson(probe->towers(), probe->Grounding()));
  fmt::print("{} scenes of {}, {} views each, seed {}\n{}", tasks.size(), options.suite,
             options.views.views, options.seed,
             spatial ? SpatialTable(json) : GroundingTable(json));
  return FinishProbe(options, json, tasks.size(), whole);
}

std::function<int()> AddCorrespondence(CLI::App& mode) {
  auto o = std::make_shared<CorrespondenceFlags>();
  const auto finish = AddProbeFlags(mode, o->scenes);
  mode.add_option("--voxel", o->score.voxel, "side of a voxel, m")->check(CLI::Range(0.001, 100.0));
  mode.add_option("--min-cosine", o->score.min_cosine, "of a match that counts as confident")
      ->check(CLI::Range(-1.0, 1.0));
  mode.add_option("--pictures", o->pictures, "scenes to draw matches and components of, into --out")
      ->check(CLI::NonNegativeNumber);
  return [o, finish] {
    finish();
    return Correspondence(*o);
  };
}

std::function<int()> AddLinear(CLI::App& mode, bool spatial) {
  auto o = std::make_shared<LinearFlags>();
  const auto finish = AddProbeFlags(mode, o->scenes);
  mode.add_option("--folds", o->folds, "scenes are dealt to; each is judged by the others")
      ->check(CLI::Range(3, 1000));
  return [o, finish, spatial] {
    finish();
    return Linear(*o, spatial);
  };
}

}  // namespace

std::function<int()> AddProbe(CLI::App& mode) {
  mode.require_subcommand(1);
  auto chosen = std::make_shared<std::function<int()>>();
  const auto add = [&](const char* name, const char* help, auto make) {
    CLI::App& sub = *mode.add_subcommand(name, help);
    sub.callback([chosen, run = make(sub)] { *chosen = run; });
  };
  add("correspondence",
      "Are tokens of one place alike from two sides, and more alike than others? Views of LIBERO "
      "scenes with MuJoCo's exact depth; score, chance level, retrieval and mutual matches of "
      "every tower and control.",
      AddCorrespondence);
  add("spatial",
      "Can depth and place in the robot's frame be read off a token by one matrix? Fitted on some "
      "scenes, judged on others, against what the place in the picture gives away.",
      [](CLI::App& sub) { return AddLinear(sub, true); });
  add("grounding",
      "Can what fills a token's cell (which object, the robot, background) be read off it by one "
      "matrix? Fitted on some scenes, judged on others, against the place in the picture and the "
      "most frequent answer.",
      [](CLI::App& sub) { return AddLinear(sub, false); });
  return [chosen] { return (*chosen)(); };
}

}  // namespace vega
