#include "tasks/generate/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tasks/bddl/bddl_writer.h"
#include "tasks/rollout.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr char kProblems[] = "problems.jsonl";
constexpr char kManifest[] = "generate.json";
constexpr int kHoldSteps = 10;
const std::set<std::string> kBaseSuites = {"libero_spatial", "libero_object", "libero_goal",
                                           "libero_10", "libero_90"};

void WriteWhole(const fs::path& path, const std::string& text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

Json ToJson(const GeneratedProblem& p) {
  return {
      {"index", p.index},    {"certified", !p.name.empty()}, {"name", p.name},   {"base", p.base},
      {"scene", p.scene},    {"instruction", p.instruction}, {"draws", p.draws}, {"steps", p.steps},
      {"seconds", p.seconds}};
}

GeneratedProblem FromJson(const Json& json) {
  return {.index = json.at("index"),
          .name = json.at("name"),
          .base = json.at("base"),
          .scene = json.at("scene"),
          .instruction = json.at("instruction"),
          .draws = json.at("draws"),
          .steps = json.at("steps"),
          .seconds = json.at("seconds")};
}

}  // namespace

Generator::Generator(GenerateOptions options) : options_(std::move(options)) {
  for (const std::string& name : options_.suites) {
    if (!kBaseSuites.contains(name)) {
      throw Error(fmt::format("cannot vary {}", name),
                  fmt::format("only LIBERO's own suites are read, so that LIBERO-PRO stays a "
                              "test: {}",
                              fmt::join(kBaseSuites, ", ")));
    }
    for (const TaskEntry& task : LoadSuite(name).tasks) {
      bases_.push_back({name + "/" + task.name, LoadBddl(task.bddl)});
    }
  }
  OpenFolder();
}

void Generator::OpenFolder() {
  const fs::path& folder = options_.folder;
  Json manifest = {
      {"seed", options_.seed}, {"suites", options_.suites}, {"attempts", options_.attempts}};
  if (options_.draw.places == Places::kOwn) manifest["places"] = "own";
  if (options_.draw.sizes > 0) manifest["sizes"] = options_.draw.sizes;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw Error(fmt::format("cannot make the folder {}", folder.string()), "choose another --out");
  }
  if (!fs::exists(folder / kManifest)) {
    if (!fs::is_empty(folder)) {
      throw Error(folder.string() + " holds something else", "choose another --out");
    }
    WriteWhole(folder / kManifest, manifest.dump(2) + "\n");
    return;
  }
  Json was;
  try {
    was = Json::parse(MappedFile(folder / kManifest).text());
  } catch (const Json::exception&) {
    throw Error((folder / kManifest).string() + " is not valid JSON", "choose another --out");
  }
  if (was != manifest) {
    throw Error(fmt::format("{} was made with {}", folder.string(), was.dump()),
                "go on with the same seed, suites, places and sizes, or choose another --out");
  }
  const fs::path lines = folder / kProblems;
  if (!fs::exists(lines)) return;
  std::ifstream stream(lines);
  std::string line, whole;
  while (std::getline(stream, line)) {
    // a line torn by a kill is made again
    if (stream.eof() || !Json::accept(line)) break;
    problems_.push_back(FromJson(Json::parse(line)));
    whole += line + "\n";
  }
  stream.close();
  WriteWhole(lines, whole);
}

bool Generator::Certify(const fs::path& bddl, GeneratedProblem& problem,
                        const std::atomic<bool>& stop) const {
  Suite suite{.name = options_.folder.string(), .horizon = 520};
  suite.tasks.push_back({.name = bddl.stem().string(),
                         .instruction = problem.instruction,
                         .bddl = bddl,
                         .variation = VariationFile(bddl)});
  const std::shared_ptr<const Task> task = LoadTask(suite, 0);
  Environment environment(task, {}, nullptr);
  const auto sampler = task->NewResetSampler();
  sampler->Seed(0);
  const ResetPlacement placement = sampler->Sample();
  environment.Reset(placement, {});
  for (int i = 0; i < 10; ++i) environment.Step(kNoOp, false);
  if (environment.success()) return false;
  const std::unique_ptr<Policy> expert = options_.make_expert();
  const EpisodeKey key{suite.name, suite.tasks[0].name, problem.instruction, 0, 0};
  const RolloutResult result =
      RunEpisode(environment, *expert, {.hold_steps = kHoldSteps}, key, placement, {}, &stop);
  problem.steps = result.steps;
  return result.outcome == Outcome::kSuccess && result.held;
}

GeneratedProblem Generator::Make(int index, const std::atomic<bool>& stop) const {
  const auto start = std::chrono::steady_clock::now();
  GeneratedProblem problem{.index = index};
  RandomStream random(options_.seed, "generate", static_cast<uint64_t>(index));
  const fs::path trial = options_.folder / fmt::format(".trial_{:05}.bddl", index);
  for (int draw = 0; draw < options_.attempts && problem.name.empty() && !stop;) {
    const Base& base = bases_[random.Below(static_cast<uint32_t>(bases_.size()))];
    const std::optional<DrawnProblem> drawn = DrawProblem(base.bddl, options_.draw, random);
    if (!drawn) continue;
    ++draw;
    problem.draws = draw;
    problem.base = base.name;
    problem.scene = drawn->bddl.problem_name;
    problem.instruction = drawn->bddl.language;
    WriteWhole(trial, ToBddl(drawn->bddl));
    WriteWhole(VariationFile(trial), ToText(drawn->variation));
    bool certified = false;
    try {
      certified = Certify(trial, problem, stop);
    } catch (const Error&) {
      // e.g. no room for a valid placement: not a problem to keep
    }
    if (!certified) continue;
    problem.name = fmt::format("g{:05}_{}", index, drawn->name);
    const fs::path kept = options_.folder / (problem.name + ".bddl");
    fs::rename(VariationFile(trial), VariationFile(kept));
    fs::rename(trial, kept);
  }
  std::error_code ignored;
  fs::remove(trial, ignored);
  fs::remove(VariationFile(trial), ignored);
  problem.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return problem;
}

void Generator::Append(const GeneratedProblem& problem) {
  std::ofstream stream(options_.folder / kProblems, std::ios::app);
  stream << ToJson(problem).dump() << std::endl;
  if (!stream) {
    throw Error("cannot write " + (options_.folder / kProblems).string(),
                "make room and run the same command again");
  }
  problems_.push_back(problem);
}

bool Generator::Run(const std::function<void(const GeneratedProblem&)>& done,
                    const std::atomic<bool>& stop) {
  std::set<int> finished;
  for (const GeneratedProblem& problem : problems_) finished.insert(problem.index);
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<int> next = 0;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    try {
      for (int i; !stop && !failed && (i = next++) < options_.count;) {
        if (finished.contains(i)) continue;
        const GeneratedProblem problem = Make(i, stop);
        if (stop && problem.name.empty()) return;
        const std::lock_guard lock(mutex);
        Append(problem);
        done(problem);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      failed = true;
    }
  };
  const size_t wanted =
      options_.workers > 0 ? options_.workers : std::thread::hardware_concurrency();
  std::vector<std::thread> threads(std::max<size_t>(1, wanted));
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return !stop;
}

}  // namespace vega
