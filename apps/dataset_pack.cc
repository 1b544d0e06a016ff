#include "apps/dataset_pack.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>

#include "apps/interrupt.h"
#include "sim/base/error.h"
#include "sim/camera.h"
#include "tasks/dataset/demo_scene.h"
#include "tasks/evaluation/progress.h"
#include "tasks/training/pack.h"
#include "tasks/training/pack_check.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr size_t kLine = 256;  // samples between two lines of progress

// A bar with rate and ETA on a terminal, elsewhere a line every few hundred samples.
class PackProgress {
 public:
  explicit PackProgress(size_t total) : total_(total) {}

  void Add() {
    ++finished_;
    const double seconds = Seconds();
    if (terminal_ ? seconds < shown_ + 0.2 && finished_ < total_
                  : finished_ % kLine != 0 && finished_ < total_) {
      return;
    }
    shown_ = seconds;
    const double rate = static_cast<double>(finished_) / seconds;
    constexpr size_t kBar = 30;
    const size_t full = kBar * finished_ / std::max<size_t>(total_, 1);
    fmt::print(stderr, "{}[{:#<{}}{:.<{}}] {}/{} samples, {:.1f}/s, ETA {}{}",
               terminal_ ? "\r\033[K" : "", "", full, "", kBar - full, finished_, total_, rate,
               FormatDuration(static_cast<double>(total_ - finished_) / rate),
               terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

  void End() const {
    if (terminal_) fmt::print(stderr, "\n");
    fmt::print(stderr, "{} samples in {}: {:.1f} samples/s\n", finished_, FormatDuration(Seconds()),
               static_cast<double>(finished_) / Seconds());
  }

 private:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  size_t total_, finished_ = 0;
  double shown_ = 0;  // s, when the bar was last drawn
  bool terminal_ = isatty(2);
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

size_t Missing(const PackPlan& plan, const PackFolder& folder) {
  size_t missing = 0;
  for (size_t shard = 0; shard < plan.shards(); ++shard) {
    if (folder.Has(shard)) continue;
    const auto [first, end] = plan.Range(shard);
    missing += end - first;
  }
  return missing;
}

int64_t HeldOut(const Json& pack) {
  int64_t count = 0;
  for (const Json& episode : pack.at("episodes")) count += episode.at("held_out").get<bool>();
  return count;
}

}  // namespace

int RunPack(const PackFlags& flags, std::atomic<bool>& stop) {
  std::vector<Hdf5Reader> sources;
  for (const std::string& file : flags.files) sources.push_back(Hdf5Reader::Open(file));
  const PackPlan plan = PlanPack(sources, flags.options);
  // fails before anything is made when there is nothing to draw, or nothing to draw with
  const DemoInfo& first = sources.at(0).demos().at(0);
  const std::shared_ptr<const Task> task = LiberoDemoTasks()(first);
  for (const std::string& camera : flags.options.cameras) FindCamera(*task->model(), camera);
  const EglRenderer renderer({.quality = flags.options.quality});
  PackFolder folder(flags.out, PackConfig(sources, flags.options), flags.resume);
  if (folder.complete()) {
    fmt::print("{} is complete\n", flags.out);
    return 0;
  }
  fmt::print(stderr, "renderer: {}{}, {} pictures; {} samples of {} demonstrations\n",
             renderer.name(),
             renderer.software() ? "  ** SOFTWARE: pictures are drawn by the CPU **" : "",
             Name(flags.options.quality), plan.samples.size(), plan.episodes.size());
  PackProgress progress(Missing(plan, folder));
  const bool whole = WritePack(sources, flags.options, plan, folder, stop, [&] { progress.Add(); });
  progress.End();
  if (!whole) {
    fmt::print(stderr, "vega dataset: interrupted (the same command with --resume continues)\n");
    return kInterrupted;
  }
  fmt::print("{}: {} samples in {} shards\n", flags.out, plan.samples.size(), plan.shards());
  return 0;
}

int PrintPack(const fs::path& folder, bool json) {
  const Json pack = ReadPack(folder);
  if (json) {
    fmt::print("{}\n", pack.dump(2));
    return 0;
  }
  uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder)) bytes += entry.file_size();
  const auto text = [&](const char* key) { return pack.at(key).dump(); };
  fmt::print("{}: {} samples of {} demonstrations ({} held out), {} shards, {:.1f} MB\n",
             folder.string(), text("samples"), pack.at("episodes").size(), HeldOut(pack),
             pack.at("shards").size(), static_cast<double>(bytes) / 1e6);
  fmt::print("  cameras {} at {} px, {} pictures, row 0 is the top; clips of {} every {} steps\n",
             fmt::join(pack.at("cameras").get<std::vector<std::string>>(), ", "),
             text("image_size"), pack.at("render_quality").get<std::string>(), text("clip_length"),
             text("clip_stride"));
  fmt::print("  {} actions a sample; {} instructions\n", text("chunk_length"),
             pack.at("instructions").size());
  fmt::print("  cameras moved by {} m, rad, lights by {}; {} of things painted anew\n",
             text("camera_jitter"), text("light_jitter"), pack.value("recolour", 0.0));
  fmt::print("  action q01 {}\n         q99 {}\n", text("action_q01"), text("action_q99"));
  std::map<int, int> demos;  // by task
  for (const Json& episode : pack.at("episodes")) ++demos[episode.at("task").get<int>()];
  fmt::print("{:>6}  task\n", "demos");
  for (size_t task = 0; task < pack.at("tasks").size(); ++task) {
    const Json& named = pack.at("tasks")[task];
    fmt::print("{:>6}  {}: {}\n", demos[static_cast<int>(task)],
               named.at("suite").get<std::string>(), named.at("name").get<std::string>());
  }
  return 0;
}

int ValidatePack(const fs::path& folder, bool json) {
  const std::vector<std::string> faults = CheckPack(folder, {});
  if (json) {
    fmt::print("{}\n", Json{{"pack", folder.string()}, {"findings", faults}}.dump(2));
  } else {
    for (const std::string& fault : faults) fmt::print("{}\n", fault);
  }
  if (faults.empty()) {
    if (!json) fmt::print("{}: nothing wrong found\n", folder.string());
    return 0;
  }
  fmt::print(stderr, "vega dataset: {}: {} faults found, the first: {}\n", folder.string(),
             faults.size(), faults[0]);
  return 1;
}

std::function<int()> AddPackFlags(CLI::App& verb) {
  auto o = std::make_shared<PackFlags>();
  PackOptions& p = o->options;
  verb.add_option("files", o->files, "HDF5 data sets of vega collect")->required();
  verb.add_option("--out", o->out, "folder of the pack")->required();
  verb.add_option("--cameras", p.cameras, "drawn cameras, in this order")->delimiter(',');
  verb.add_option("--size", p.size, "picture size in pixels, a multiple of 4")
      ->check(CLI::Range(16, 1024));
  verb.add_option_function<std::string>(
          "--render-quality",
          [&p](const std::string& name) { p.quality = ParseRenderQuality(name); },
          "exact = LIBERO's own pixels, fast = simplified meshes; default fast")
      ->check(CLI::IsMember({"exact", "fast"}));
  verb.add_option("--clip", p.clip_length, "frames a sample shows of each camera")
      ->check(CLI::Range(1, 64));
  verb.add_option("--stride", p.clip_stride, "control steps between two of them")
      ->check(CLI::Range(1, 100));
  verb.add_option("--chunk", p.chunk_length, "actions a sample is labelled with")
      ->check(CLI::Range(1, 256));
  const auto samples =
      verb.add_option("--samples", p.samples, "samples a demonstration, spread over it")
          ->check(CLI::Range(1, 100000));
  verb.add_option_function<int>(
          "--every",
          [&p](int every) {
            p.every = every;
            p.samples = 0;
          },
          "instead: every so many steps, from a drawn one on")
      ->check(CLI::Range(1, 100000))
      ->excludes(samples);
  verb.add_option("--early-share", p.early_share,
                  "after a takeover: share of --samples within the first --early-steps of who "
                  "took over")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--early-steps", p.early_steps, "control steps; see --early-share")
      ->check(CLI::Range(1, 1000));
  verb.add_flag("--before-takeover", p.before_takeover,
                "take also the steps in which the policy acts that is taken over from");
  verb.add_option("--held-out", p.held_out, "share of demonstrations kept for checking only")
      ->check(CLI::Range(0.0, 0.9));
  verb.add_option("--camera-jitter", p.camera_jitter,
                  "move and turn the scene's cameras by up to this in each sample, m and rad")
      ->check(CLI::Range(0.0, 0.5));
  verb.add_option("--light-jitter", p.light_jitter,
                  "dim, brighten and tint the lights by up to this share in each sample")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--recolour", p.recolour,
                  "paint this share of things, table and walls anew in each sample")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--workers", p.workers, "threads; 0 = one a core; results do not depend on it")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--seed", p.seed, "seed of the choice of steps, the split and the jitter");
  verb.add_flag("--resume", o->resume, "continue the pack in --out");
  return [o] {
    std::atomic<bool> stop = false;
    const Interrupt interrupt(stop);
    return RunPack(*o, stop);
  };
}

}  // namespace vega
