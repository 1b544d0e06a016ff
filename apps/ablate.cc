// vega ablate: trains the arms of an ablation and lets each play the same episodes.
//
//   OUT/ablation.json                      what is run, and on which base
//   OUT/arms/ARM/seed-K/recipe.json        of vega train
//   OUT/arms/ARM/seed-K/run/               as vega train leaves it
//   OUT/arms/ARM/seed-K/eval-NAME/SUITE/   as vega eval leaves it
//   OUT/sweep/block-B-timestep-T/seed-K/   recipe.json and run/
//   OUT/features/                          frozen features, shared by all arms
//   OUT/results.jsonl, table.md, heatmap.png   rewritten after each step, from what is there
//
// Seeds come one after the other, so that the first leaves a whole table. Several processes may
// share OUT: each takes the runs that no other is at.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/train/trainer.h"
#include "apps/ablation_recipe.h"
#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/suite_run.h"
#include "apps/train_console.h"
#include "apps/training_data.h"
#include "apps/version.h"
#include "policies/registry.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/folder_lock.h"
#include "sim/base/hash.h"
#include "sim/base/paths.h"
#include "sim/png.h"
#include "tasks/evaluation/ablation_results.h"
#include "tasks/evaluation/task_list.h"

namespace vega {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

struct AblateFlags {
  fs::path recipe;
  std::string out;
  fs::path data;
  bool dry_run = false;
  int workers = 0;
  int threads = 0;
  std::string device = "cpu";
};

// A policy to train, and the episodes it then plays.
struct ArmRun {
  const AblationArm* arm = nullptr;
  uint64_t seed = 0;
  fs::path folder;
  Json recipe;         // of vega train
  int64_t steps = 0;   // of it
  bool plays = false;  // false: of the sweep
};

Json ReadJson(const fs::path& file) {
  return Json::parse(MappedFile(file).text(), nullptr, /*allow_exceptions=*/false);
}

void WriteText(const fs::path& path, const std::string& text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

// The last held-out scalars of a run. Of one that learnt nothing, without what its new training
// heads say.
std::map<std::string, double> HeldOut(const fs::path& run, bool learnt) {
  const std::string prefix = "held_out/";
  std::map<std::string, double> scalars;
  if (!fs::exists(run / "metrics.jsonl")) return scalars;
  std::istringstream lines{std::string(MappedFile(run / "metrics.jsonl").text())};
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) continue;
    for (const auto& [key, value] : json.items()) {
      if (key.starts_with(prefix) && value.is_number()) scalars[key.substr(prefix.size())] = value;
    }
  }
  if (!learnt) {
    for (const char* head : {"loss", "roles", "points_cm"}) scalars.erase(head);
  }
  return scalars;
}

class AblationRun {
 public:
  AblationRun(const AblateFlags& flags, std::atomic<bool>& stop)
      : flags_(flags),
        stop_(stop),
        ablation_(ReadAblation(flags.recipe)),
        out_(flags.out.empty() ? ablation_.out : flags.out),
        data_(flags.data.empty() ? VegaHome() / "train" : flags.data),
        torch_(OpenTorchModule()),
        sweep_arms_(SweepArms(ablation_)),
        console_(stop) {
    const fs::path config = fs::path(ablation_.base) / "config.json";
    if (!fs::exists(config)) {
      throw Error(fmt::format("the base {} is no checkpoint", ablation_.base),
                  "train a world model and a semantic encoder first, see docs/TRAINING.md");
    }
    for (const AblationEvaluation& evaluation : ablation_.evaluations) CountEpisodes(evaluation);
    const Json base = ReadJson(config);
    for (size_t i = 0; i < ablation_.seeds.size(); ++i) {
      for (const AblationArm& arm : ablation_.arms) AddRun(arm, ablation_.seeds[i], true, base);
    }
    for (int i = 0; i < ablation_.sweep.seeds; ++i) {
      for (const AblationArm& arm : sweep_arms_) AddRun(arm, ablation_.seeds[i], false, base);
    }
  }

  // what there is to do and what is done
  void Show() const {
    size_t all = 0, done = 0;
    const auto line = [&](bool is_done, const std::string& text) {
      fmt::print("{}  {}\n", is_done ? "done" : "to do", text);
      ++all;
      done += is_done;
    };
    for (const ArmRun& run : runs_) {
      line(Trained(run), fmt::format("train {}, {} steps", Name(run), run.steps));
      for (const AblationEvaluation& evaluation : ablation_.evaluations) {
        if (!run.plays) break;
        line(Played(run, evaluation),
             fmt::format("play {}, {}: {} episodes{}", Name(run), evaluation.name,
                         episodes_.at(evaluation.name),
                         evaluation.shift.empty() ? "" : ", " + evaluation.shift));
      }
    }
    fmt::print("{} of {} done, in {}\n", done, all, out_.string());
  }

  int Run() {
    for (const ArmRun& run : runs_) Trained(run);  // throws before hours are spent
    WriteManifest();
    MakeTrainingData(ablation_.data, {.folder = data_}, stop_);
    int number = 0, elsewhere = 0;
    for (const ArmRun& run : runs_) {
      ++number;
      if (stop_) break;
      fs::create_directories(run.folder);
      const std::optional<FolderLock> lock = FolderLock::Try(run.folder);
      if (!lock || !HasStart(run)) {
        ++elsewhere;
        continue;
      }
      if (!Trained(run)) {
        console_.Say(fmt::format("[{}/{}] train {}", number, runs_.size(), Name(run)));
        if (!Train(run)) break;
        WriteResults();
      }
      if (run.plays) PlayAll(run, fmt::format("[{}/{}]", number, runs_.size()));
    }
    const int errors = WriteResults();
    if (stop_) {
      fmt::print(stderr, "vega ablate: interrupted (the same command goes on)\n");
      return kInterrupted;
    }
    fmt::print("{}", MappedFile(out_ / "table.md").text());
    if (elsewhere > 0) {
      fmt::print(
          "{} of {} runs were left to other processes; the same command, run when they have ended, "
          "makes sure of them\n",
          elsewhere, runs_.size());
    }
    fmt::print("results: {}\n", (out_ / "table.md").string());
    if (errors == 0) return 0;
    fmt::print(stderr, "vega ablate: {} episodes ended in an error (see episodes.jsonl in {})\n",
               errors, (out_ / "arms").string());
    return 1;
  }

  // workers left behind
  int given_up() const { return given_up_; }

 private:
  static std::string Name(const ArmRun& run) {
    return fmt::format("{} seed {}", run.arm->name, run.seed);
  }

  fs::path Folder(const std::string& arm, uint64_t seed, bool plays) const {
    return out_ / (plays ? "arms" : "sweep") / arm / fmt::format("seed-{}", seed);
  }

  void CountEpisodes(const AblationEvaluation& evaluation) {
    size_t& count = episodes_[evaluation.name];
    for (const std::string& name : evaluation.suites) {
      count += ParseTaskList(evaluation.tasks, LoadSuite(name)).size() * evaluation.episodes;
    }
  }

  void AddRun(const AblationArm& arm, uint64_t seed, bool plays, const Json& base) {
    const fs::path start = Folder(arm.from, seed, true) / "run/model";
    ArmRun run{.arm = &arm,
               .seed = seed,
               .folder = Folder(arm.name, seed, plays),
               .recipe = ArmRecipe(ablation_, arm, seed, base, start),
               .plays = plays};
    run.steps = RecipeOf(run).stages[0].steps;  // and looks for what is wrong with it
    runs_.push_back(std::move(run));
  }

  Recipe RecipeOf(const ArmRun& run) const {
    return torch_.recipe_from_json(
        run.recipe, fmt::format("{}: arm {}", flags_.recipe.string(), run.arm->name));
  }

  // Throws Error when the arm was trained by another recipe.
  bool Trained(const ArmRun& run) const {
    const fs::path file = run.folder / "recipe.json";
    if (fs::exists(file) && ReadJson(file) != run.recipe) {
      throw Error(fmt::format("{} was trained by another recipe than arm \"{}\" has now",
                              run.folder.string(), run.arm->name),
                  "remove that folder, name the arm differently, or choose another --out");
    }
    return fs::exists(run.folder / "run/model/config.json");
  }

  // False when the policy it starts from is still to come, from another process.
  bool HasStart(const ArmRun& run) const {
    const std::string& from = run.arm->from;
    return from.empty() || fs::exists(Folder(from, run.seed, true) / "run/model/config.json");
  }

  // False when it was stopped.
  bool Train(const ArmRun& run) {
    WriteText(run.folder / "recipe.json", run.recipe.dump(2) + "\n");
    // opening a policy leaves LibTorch with one thread
    const int machine = static_cast<int>(std::thread::hardware_concurrency());
    TrainOptions options{.recipe = RecipeOf(run),
                         .data = data_,
                         .resume = fs::exists(run.folder / "run/recipe.json"),
                         .threads = flags_.threads > 0 ? flags_.threads : std::max(machine, 1),
                         .device = flags_.device,
                         .features = out_ / "features"};
    options.recipe.out = (run.folder / "run").string();
    const bool whole = torch_.train(options, console_, stop_);
    console_.End();
    return whole;
  }

  static fs::path RunFolderOf(const ArmRun& run, const AblationEvaluation& evaluation,
                              const std::string& suite) {
    return run.folder / ("eval-" + evaluation.name) / fs::path(suite).filename();
  }

  bool Played(const ArmRun& run, const AblationEvaluation& evaluation) const {
    size_t records = 0;
    for (const std::string& suite : evaluation.suites) {
      const fs::path folder = RunFolderOf(run, evaluation, suite);
      if (!fs::exists(folder / "manifest.json")) return false;
      records += ReadRuns(folder)[0].records.size();
    }
    return records >= episodes_.at(evaluation.name);
  }

  // what is missing of its evaluations
  void PlayAll(const ArmRun& run, const std::string& number) {
    std::optional<PolicySource> policy;
    for (const AblationEvaluation& evaluation : ablation_.evaluations) {
      if (stop_ || Played(run, evaluation)) continue;
      console_.Say(fmt::format("{} play {}, {}", number, Name(run), evaluation.name));
      if (!policy) {
        policy = OpenPolicy((run.folder / "run/model").string(), {.device = flags_.device});
      }
      for (const std::string& suite : evaluation.suites) {
        if (!stop_) Play(run, evaluation, suite, *policy);
      }
      WriteResults();
    }
  }

  void Play(const ArmRun& run, const AblationEvaluation& evaluation, const std::string& suite,
            const PolicySource& policy) {
    const fs::path folder = RunFolderOf(run, evaluation, suite);
    SuiteRun suite_run({.suite = suite,
                        .tasks = evaluation.tasks,
                        .episodes = evaluation.episodes,
                        .policy = policy.name,
                        .workers = flags_.workers,
                        .out = folder.string(),
                        .resume = fs::exists(folder / "manifest.json"),
                        .device = flags_.device,
                        .seed = static_cast<uint32_t>(run.seed),
                        .max_steps = evaluation.max_steps,
                        .shift = ParseShift(evaluation.shift)},
                       policy, stop_);
    const SuiteRunEnd end = suite_run.Run();
    given_up_ += end.given_up;
    console_.Say(fmt::format("{}: {} of {} episodes solved", suite, end.summary.total.successes,
                             end.summary.total.n));
  }

  // Throws Error when the folder belongs to an ablation of another base.
  void WriteManifest() const {
    const fs::path weights = fs::path(ablation_.base) / "model.safetensors";
    const std::string hash =
        fmt::format("{:016x}", FastHash64(MappedFile(weights).bytes(), kHashSeed));
    const fs::path file = out_ / "ablation.json";
    if (fs::exists(file)) {
      const Json was = ReadJson(file);
      if (!was.is_object() || was.value("base_weights", "") != hash) {
        throw Error(
            fmt::format("{} holds arms of another base than {}", out_.string(), ablation_.base),
            "choose another --out");
      }
    }
    std::error_code error;
    fs::create_directories(out_, error);
    if (error) throw Error(fmt::format("cannot write {}: {}", out_.string(), error.message()));
    const Json manifest = {{"recipe", ToJson(ablation_)},
                           {"base_weights", hash},
                           {"versions", {{"vega", GitCommit()}, {"torch", torch_.torch_version}}}};
    WriteText(file, manifest.dump(2) + "\n");
  }

  SeedResult ResultOf(const ArmRun& run) const {
    SeedResult result{.seed = run.seed, .held_out = HeldOut(run.folder / "run", run.steps > 0)};
    for (const AblationEvaluation& evaluation : ablation_.evaluations) {
      if (!run.plays || !Played(run, evaluation)) continue;
      result.played[evaluation.name] = ReadRuns(run.folder / ("eval-" + evaluation.name));
    }
    return result;
  }

  AblationResults Results(bool plays) const {
    AblationResults results{.reference = ablation_.reference};
    if (plays) {
      for (const auto& evaluation : ablation_.evaluations) {
        results.evaluations.push_back(evaluation.name);
      }
    }
    for (const AblationArm& arm : plays ? ablation_.arms : sweep_arms_) {
      ArmResult result{.name = arm.name, .about = arm.about};
      for (const ArmRun& run : runs_) {
        if (run.arm == &arm && Trained(run)) result.seeds.push_back(ResultOf(run));
      }
      results.arms.push_back(std::move(result));
    }
    return results;
  }

  // means over seeds
  Sweep SweepOf(const AblationResults& cells) const {
    Sweep sweep{.blocks = ablation_.sweep.blocks, .timesteps = ablation_.sweep.timesteps};
    auto cell = cells.arms.begin();
    for (size_t row = 0; row < sweep.blocks.size(); ++row) {
      sweep.values.emplace_back();
      for (size_t column = 0; column < sweep.timesteps.size(); ++column, ++cell) {
        double sum = 0, count = 0;
        for (const SeedResult& seed : cell->seeds) {
          const auto found = seed.held_out.find(kHeldOutMeasure);
          if (found == seed.held_out.end()) continue;
          sum += found->second;
          ++count;
        }
        const double nothing = std::numeric_limits<double>::quiet_NaN();
        sweep.values.back().push_back(count > 0 ? sum / count : nothing);
      }
    }
    return sweep;
  }

  // the number of episodes that ended in an error
  int WriteResults() const {
    const AblationResults arms = Results(true), cells = Results(false);
    std::string table = fmt::format("# {}\n\n{}\n", ablation_.name, ResultTable(arms));
    if (!sweep_arms_.empty()) {
      const Sweep sweep = SweepOf(cells);
      table += fmt::format("## Held-out action L1 by block and timestep\n\n{}", SweepTable(sweep));
      WritePng(out_ / "heatmap.png", HeatMap(sweep));
    }
    WriteText(out_ / "table.md", table);
    WriteText(out_ / "results.jsonl", ResultLines(arms) + ResultLines(cells));
    return CountErrors(arms);
  }

  const AblateFlags& flags_;
  std::atomic<bool>& stop_;
  Ablation ablation_;
  fs::path out_, data_;
  const TorchModule& torch_;
  std::vector<AblationArm> sweep_arms_;
  std::map<std::string, size_t> episodes_;  // of each evaluation
  std::vector<ArmRun> runs_;                // in the order they are run
  TrainConsole console_;
  int given_up_ = 0;  // workers
};

int RunAblate(const AblateFlags& flags) {
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  AblationRun run(flags, stop);
  if (flags.dry_run) {
    run.Show();
    return 0;
  }
  const int code = run.Run();
  if (run.given_up() > 0) {
    // destructors would wait for the threads that hang
    std::fflush(nullptr);
    std::_Exit(code);
  }
  return code;
}

}  // namespace

std::function<int()> AddAblate(CLI::App& mode) {
  auto flags = std::make_shared<AblateFlags>();
  mode.add_option("RECIPE", flags->recipe, "e.g. assets/recipes/vega-s-ablation.json")
      ->required()
      ->check(CLI::ExistingFile);
  mode.add_option("--out", flags->out,
                  "folder; default the recipe's, else runs/NAME. What is done there stays done");
  mode.add_option("--data", flags->data,
                  "folder that the recipe's packs lie in; default $VEGA_HOME/train");
  mode.add_flag("--dry-run", flags->dry_run, "list what is done and what is to do, and do nothing");
  mode.add_option("--workers", flags->workers, "threads that play episodes; 0 = one a core")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--threads", flags->threads,
                  "threads that share a training step; 0 = the machine's")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--device", flags->device, "where networks learn and act: cpu, cuda or cuda:N");
  return [flags] { return RunAblate(*flags); };
}

}  // namespace vega
