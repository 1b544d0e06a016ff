// vega bench: measures and prints one JSON line a figure.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "apps/bench_features.h"
#include "apps/bench_figure.h"
#include "apps/bench_train.h"
#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/policies.h"
#include "apps/render_flag.h"
#include "policies/random_policy.h"
#include "sim/base/error.h"
#include "sim/egl_renderer.h"
#include "sim/png.h"
#include "sim/side_by_side_renderer.h"
#include "tasks/evaluation/evaluation.h"
#include "tasks/evaluation/task_list.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

using Clock = std::chrono::steady_clock;

const std::vector<std::string> kCameras = {"agentview", "robot0_eye_in_hand"};

double Milliseconds(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct BenchOptions {
  std::string suite = "libero_spatial";
  std::string tasks = "0";
  int steps = 100;    // control steps, or episodes' horizon
  int size = 256;     // pixels
  bool json = false;  // as always
  int resets = 0;     // of the memory check; 0: no check
  std::string sheet;  // PNG
  bool plain = false;
  std::string policy = "look";
  int workers = 1, episodes = 2, repeat = 3;
  std::optional<RenderQuality> quality;
};

void AddTaskFlags(CLI::App& mode, BenchOptions& o) {
  mode.add_option("--suite", o.suite, "suite name, see vega suites");
  mode.add_option("--task,--tasks", o.tasks, "tasks as indices, ranges or names; \"\" = all");
  mode.add_flag("--json", o.json,
                "the figures are always JSON lines; accepted for scripts that ask");
}

// A task under way: reset, no-ops played.
struct Running {
  explicit Running(const std::shared_ptr<const Task>& task)
      : environment(task, {}, nullptr), sampler(task->NewResetSampler()) {
    sampler->Seed(0);
    Reset();
    for (int i = 0; i < 10; ++i) environment.Step(kNoOp, false);
  }
  void Reset() {
    const auto& states = environment.task().init_states();
    environment.Reset(sampler->Sample(), states.empty() ? std::vector<double>() : states[0]);
  }

  Environment environment;
  std::unique_ptr<ResetSampler> sampler;
};

// plays random actions; `before` is called ahead of each step, `after` with the ms it took
template <typename Before, typename After>
void Play(Running& running, int steps, const Before& before, const After& after) {
  RandomPolicy policy;
  const TaskInfo& info = running.environment.task().info();
  policy.Reset({info.suite, info.name, info.instruction, 0, 0});
  for (int step = 0; step < steps; ++step) {
    PolicyInput input;
    input.step = step;
    const Action action = policy.Act(input)[0];
    before();
    const auto start = Clock::now();
    if (running.environment.Step(action, false) != StepStatus::kOk) throw Error("diverged");
    after(Milliseconds(start));
  }
}

// The same 25 steps by MuJoCo alone, its model as compiled, from where the scene stands.
class BareSteps {
 public:
  explicit BareSteps(const Scene& scene)
      : scene_(scene),
        data_(mj_makeData(scene.base_model().get()), mj_deleteData),
        state_(mj_stateSize(&scene.model(), mjSTATE_INTEGRATION)) {}

  double operator()() {
    mjModel model = scene_.model();  // with its fixtures in place
    model.opt = scene_.base_model()->opt;
    model.vis = scene_.base_model()->vis;
    mj_getState(&model, &scene_.data(), state_.data(), mjSTATE_INTEGRATION);
    mj_setState(&model, data_.get(), state_.data(), mjSTATE_INTEGRATION);
    const auto start = Clock::now();
    for (int i = 0; i < 25; ++i) {
      mj_step1(&model, data_.get());
      mj_step2(&model, data_.get());
    }
    return Milliseconds(start);
  }

 private:
  const Scene& scene_;
  std::unique_ptr<mjData, void (*)(mjData*)> data_;
  std::vector<mjtNum> state_;
};

double ResidentMegabytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096 / (1 << 20);
}

// resets all tasks in turn and prints how far memory moves after the first twentieth
void BenchMemory(const std::vector<std::shared_ptr<const Task>>& tasks, int resets,
                 const std::string& suite) {
  std::vector<std::unique_ptr<Running>> running;
  for (const auto& task : tasks) running.push_back(std::make_unique<Running>(task));
  std::vector<double> growth;
  double settled = 0;
  for (int i = 0; i < resets; ++i) {
    running[i % running.size()]->Reset();
    if (i == resets / 20) settled = ResidentMegabytes();
    if (i > resets / 20 && i % 100 == 0)
      growth.push_back(100 * (ResidentMegabytes() / settled - 1));
  }
  growth.push_back(100 * (ResidentMegabytes() / settled - 1));
  Print({"sim.reset_memory_growth", "percent", growth, 1, "", suite});
}

int BenchSim(const BenchOptions& o) {
  const Suite suite = LoadSuite(o.suite);
  std::vector<std::shared_ptr<const Task>> tasks;
  std::vector<double> loads;
  for (const int index : ParseTaskList(o.tasks, suite)) {
    const auto start = Clock::now();
    tasks.push_back(LoadTask(suite, index));
    loads.push_back(Milliseconds(start));
    Print({"sim.load", "ms", {loads.back()}, 1, "", o.suite, index});
  }
  if (o.resets > 0) {
    BenchMemory(tasks, o.resets, o.suite);
    return 0;
  }
  for (const auto& task : tasks) {
    Running running(task);
    const auto print = [&](const char* name, const std::vector<double>& samples) {
      Print({name, "ms", samples, 1, "", o.suite, task->info().index});
    };
    std::vector<double> resets, ours, bare;
    for (int i = 0; i < 20; ++i) {
      const auto start = Clock::now();
      running.Reset();
      resets.push_back(Milliseconds(start));
    }
    for (int i = 0; i < 10; ++i) running.environment.Step(kNoOp, false);
    BareSteps bare_steps(running.environment.scene());
    Play(
        running, o.steps, [&] { bare.push_back(bare_steps()); },
        [&](double ms) { ours.push_back(ms); });
    print("sim.reset", resets);
    print("sim.control_step", ours);
    print("sim.bare_steps", bare);
  }
  return 0;
}

double Psnr(const Image& a, const Image& b) {
  double error = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    error += std::pow(double(a.pixels[i]) - b.pixels[i], 2);
  }
  return error == 0 ? 99 : 10 * std::log10(255.0 * 255 * a.pixels.size() / error);
}

double Differing(const Image& a, const Image& b) {
  double count = 0;
  for (size_t i = 0; i < a.pixels.size(); i += 3) {
    count += !std::equal(&a.pixels[i], &a.pixels[i] + 3, &b.pixels[i]);
  }
  return count;
}

// pictures of one size, `columns` to a row
Image Sheet(const std::vector<Image>& pictures, int columns) {
  const int size = pictures.front().width;
  const int rows = (static_cast<int>(pictures.size()) + columns - 1) / columns;
  Image sheet{rows * size, columns * size,
              std::vector<uint8_t>(size_t{3} * rows * columns * size * size)};
  for (size_t i = 0; i < pictures.size(); ++i) {
    for (int y = 0; y < size; ++y) {
      const size_t to = (i / columns * size + y) * sheet.width + i % columns * size;
      std::copy_n(pictures[i].pixels.begin() + size_t{3} * y * size, 3 * size,
                  sheet.pixels.begin() + 3 * to);
    }
  }
  return sheet;
}

int BenchRender(const BenchOptions& o) {
  const Suite suite = LoadSuite(o.suite);
  std::vector<Image> pictures;
  for (const int index : ParseTaskList(o.tasks, suite)) {
    const auto exact = MakeRenderer({.max_models = 1}, 1);
    const auto fast = MakeRenderer({.quality = RenderQuality::kFast, .max_models = 1}, 1);
    const auto task = LoadTask(suite, index);
    Running running(task);
    EglRenderer plain({.max_models = 1, .plain = true});
    std::vector<double> times[2], psnr, open, plain_times, differing;
    const auto draw = [&](Renderer& renderer, std::vector<double>& ms) {
      const auto start = Clock::now();
      std::vector<Image> images =
          renderer.RenderAll(running.environment.scene(), kCameras, o.size, o.size);
      ms.push_back(Milliseconds(start));
      return images;
    };
    draw(*exact, open), draw(*fast, open);  // the first picture uploads the scene
    for (int i = 0; i < o.steps; ++i) {
      const std::vector<Image> a = draw(*exact, times[0]), b = draw(*fast, times[1]);
      for (size_t camera = 0; camera < a.size(); ++camera) {
        psnr.push_back(Psnr(a[camera], b[camera]));
        if (i == 0 && !o.sheet.empty()) {
          pictures.push_back(a[camera]), pictures.push_back(b[camera]);
        }
      }
      if (o.plain) {
        const std::vector<Image> c = draw(plain, plain_times);
        for (size_t k = 0; k < a.size(); ++k) differing.push_back(Differing(a[k], c[k]));
      }
      running.environment.Step({0.3, 0.2, -0.1, 0, 0, 0.1, -1}, false);
    }
    const int threads = dynamic_cast<SideBySideRenderer*>(exact.get()) ? 2 : 1;
    const auto print = [&](const char* name, const char* unit, const std::vector<double>& samples) {
      Print({name, unit, samples, threads, exact->name(), o.suite, index});
    };
    print("render.exact", "ms", times[0]);
    print("render.fast", "ms", times[1]);
    print("render.fast_psnr", "dB", psnr);
    print("render.open", "ms", open);
    if (o.plain) {
      print("render.plain", "ms", plain_times);
      print("render.differing", "pixels", differing);
    }
  }
  if (!o.sheet.empty()) WritePng(o.sheet, Sheet(pictures, 8));
  return 0;
}

int BenchEval(const BenchOptions& o) {
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  const Suite suite = LoadSuite(o.suite);
  const std::vector<int> indices = ParseTaskList(o.tasks, suite);
  const PolicySource policy = OpenAnyPolicy(o.policy);
  const RenderQuality quality =
      ChooseRenderQuality(policy.contract.render_quality, o.quality, "policy " + o.policy);
  std::map<int, std::shared_ptr<const Task>> tasks;
  std::vector<EpisodeJob> jobs;
  for (const int index : indices) {
    tasks[index] = LoadTask(suite, index);
    for (int k = 0; k < o.episodes; ++k) jobs.push_back({tasks[index]->info(), k});
  }
  const bool draws = !policy.contract.cameras.empty();
  std::string renderer;
  if (draws) renderer = fmt::format("{}, {}", EglRenderer().name(), Name(quality));
  std::vector<double> seconds, steps;
  for (int i = 0; i < o.repeat; ++i) {
    EvaluationSources sources;
    int played = 0, errors = 0;
    sources.load_task = [&](int task) { return tasks.at(task); };
    sources.make_policy = policy.make;
    sources.make_renderer = [&](int workers) {
      return MakeRenderer({.quality = quality, .one_thread = true}, workers);
    };
    sources.done = [&](const EpisodeRecord& record) {
      played += record.steps;
      errors += record.outcome == Outcome::kError;
    };
    const auto start = Clock::now();
    Evaluate(jobs,
             {.workers = o.workers,
              .max_steps = o.steps,
              .cameras = policy.contract.cameras,
              .image_size = policy.contract.image_size},
             sources, stop);
    if (stop) throw Error("interrupted");
    if (errors > 0) throw Error(fmt::format("{} episodes ended in an error", errors));
    seconds.push_back(Milliseconds(start) / 1000 / static_cast<double>(jobs.size()));
    steps.push_back(1000 * seconds.back() * static_cast<double>(jobs.size()) / played);
  }
  const int task = indices.size() == 1 ? indices[0] : -1;
  Print({"eval.episode", "s", seconds, o.workers, renderer, o.suite, task});
  Print({"eval.step", "ms", steps, o.workers, renderer, o.suite, task});
  return 0;
}

}  // namespace

std::function<int()> AddBench(CLI::App& mode) {
  auto o = std::make_shared<BenchOptions>();
  CLI::App* sim =
      mode.add_subcommand("sim", "Loading, resets, control steps, MuJoCo's bare steps.");
  CLI::App* render = mode.add_subcommand("render", "Both cameras, exact and fast, and how alike.");
  CLI::App* eval = mode.add_subcommand("eval", "Whole episodes of a policy.");
  CLI::App* features = mode.add_subcommand("features", "VAE and DiT of a tower.");
  const std::function<int()> bench_features = AddBenchFeatures(*features);
  CLI::App* train = mode.add_subcommand("train", "A step of one stage of a recipe.");
  const std::function<int()> bench_train = AddBenchTrain(*train);
  mode.require_subcommand(1);
  for (CLI::App* each : {sim, render, eval}) {
    AddTaskFlags(*each, *o);
    each->add_option("--steps", o->steps, "control steps; of an episode in eval")
        ->check(CLI::Range(1, 100000));
  }
  sim->add_option("--resets", o->resets,
                  "reset all tasks this often in turn and print only how memory grows, in percent "
                  "of what it is after a twentieth of them")
      ->check(CLI::Range(0, 10000000));
  render->add_option("--render", o->size, "picture size in pixels")->check(CLI::Range(1, 4096));
  render->add_option("--sheet", o->sheet,
                     "PNG of the first pictures: exact, fast, a camera a pair");
  render->add_flag("--plain", o->plain,
                   "also by MuJoCo alone, and the pixels in which exact differs from that");
  eval->add_option("--policy", o->policy, "see vega eval --help");
  eval->add_option("--workers", o->workers, "threads")->check(CLI::Range(1, 1024));
  eval->add_option("--episodes", o->episodes, "episodes a task")->check(CLI::Range(1, 100000));
  eval->add_option("--repeat", o->repeat, "times all of it is run")->check(CLI::Range(1, 1000));
  AddRenderQuality(*eval, o->quality, "what the policy learnt from, else exact");
  return [=] {
    if (features->parsed()) return bench_features();
    if (train->parsed()) return bench_train();
    if (sim->parsed()) return BenchSim(*o);
    return render->parsed() ? BenchRender(*o) : BenchEval(*o);
  };
}

}  // namespace vega
