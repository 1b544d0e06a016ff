// The training loop.

#include "agent/train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>

#include "agent/device.h"
#include "agent/modules.h"
#include "agent/train/batch_gradient.h"
#include "agent/train/metrics.h"
#include "agent/train/optimizer.h"
#include "agent/train/sample_store.h"
#include "agent/train/stage.h"
#include "agent/train/start.h"
#include "agent/vega_agent.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/hash.h"
#include "sim/base/paths.h"
#include "sim/base/safetensors.h"

namespace vega {
namespace {

using Clock = std::chrono::steady_clock;

// A step asks for the same buffers again and again: given back to the system in between, each
// page of them would be cleared anew, a fifth of a step's time.
void KeepFreedMemory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
  mallopt(M_ARENA_MAX, 1);  // for the threads that take parts of a batch too
}

// One stage from where it stands to its end.
class StageRun {
 public:
  StageRun(const TrainOptions& options, at::Device device, int index, CheckpointConfig& config,
           VegaAgent agent, bool policy_learnt, TrainObserver& observer)
      : options_(options.recipe.stages[index]),
        index_(index),
        count_(static_cast<int>(options.recipe.stages.size())),
        seed_(Hash64(fmt::format("{}/{}", index, options_.stage), options.recipe.seed)),
        out_(options.recipe.out),
        folder_(out_ / fmt::format("{:02}-{}", index, options_.stage)),
        config_(config),
        agent_(std::move(agent)),
        observer_(observer),
        samples_(Folders(options.data, options_.packs), device),
        order_(samples_.learnt(), options_.batch, seed_) {
    Freeze(*agent_);
    agent_->to(device);
    std::filesystem::create_directories(folder_);
    InitializeChance();
    stage_ = OpenStage({.options = options_,
                        .config = config_,
                        .agent = agent_,
                        .samples = samples_,
                        .cache = options.features.empty() ? out_ / "features" : options.features,
                        .seed = seed_,
                        .policy_learnt = policy_learnt,
                        .say = [&observer](const std::string& line) { observer.Say(line); }});
    optimizer_ =
        std::make_unique<Optimizer>(stage_->parameters(), options_.optimizer, options_.steps);
    const int threads = at::get_num_threads();
    if (device.is_cpu() && stage_->divisible()) parts_ = BatchParts(options_.batch, threads);
    gradient_ = std::make_unique<BatchGradient>(
        *stage_, stage_->parameters(),
        BatchGradient::Options{
            .threads = threads, .bf16 = options_.precision == "bf16", .device = device.type()});
    if (options.resume && std::filesystem::exists(StateFile())) LoadState();
    started_at_ = step_;
    metrics_ = std::make_unique<Metrics>(out_, index_, step_);
  }

  // False when it was stopped.
  bool Run(const std::atomic<bool>& stop) {
    observer_.Say(fmt::format("stage {}/{} {}: {} samples, {} held out, steps {} to {}", index_ + 1,
                              count_, options_.stage, samples_.learnt().size(),
                              samples_.held_out().size(), step_, options_.steps));
    reported_ = Clock::now();
    if (options_.steps == 0) Validate();
    while (step_ < options_.steps) {
      if (stop) {
        SaveState();
        return false;
      }
      Update();
      const bool last = step_ == options_.steps;
      if (step_ % options_.validate_every == 0 || last) Validate();
      if (Due(options_.evaluation.every, last)) Evaluate();
      if (step_ % options_.save_every == 0 && !last) SaveState();
    }
    Finish();
    return true;
  }

 private:
  std::filesystem::path StateFile() const { return folder_ / "state.safetensors"; }

  static std::vector<std::filesystem::path> Folders(const std::filesystem::path& data,
                                                    const std::vector<std::string>& packs) {
    std::vector<std::filesystem::path> folders;
    for (const std::string& pack : packs) folders.push_back(data / pack);
    return folders;
  }

  // weights that LibTorch's own modules draw when they are made
  void InitializeChance() const { at::manual_seed(seed_); }

  at::Generator GeneratorAt(int64_t step, int part = 0) const {
    const std::string name =
        part == 0 ? fmt::format("step {}", step) : fmt::format("step {} part {}", step, part);
    return at::make_generator<at::CPUGeneratorImpl>(Hash64(name, seed_));
  }

  // what each part of the batch is made from
  std::vector<StepInput> Parts(const std::vector<int64_t>& rows) const {
    const auto size = static_cast<int64_t>(rows.size());
    std::vector<StepInput> parts;
    for (int i = 0; i < parts_; ++i) {
      parts.push_back({{rows.begin() + i * size / parts_, rows.begin() + (i + 1) * size / parts_},
                       GeneratorAt(step_, i),
                       true});
    }
    return parts;
  }

  bool Due(int64_t every, bool last) const { return every > 0 && (step_ % every == 0 || last); }

  void Update() {
    const std::vector<int64_t> rows = order_.Rows(step_);
    const StepLoss loss = gradient_->Compute(Parts(rows));
    Count(rows, loss, optimizer_->Step(step_));
    const double rate = optimizer_->Rate(step_);
    ++step_;
    if (step_ % options_.report_every != 0 && step_ != options_.steps) return;
    Scalars scalars;
    for (auto& [name, sum] : sums_) scalars[name] = sum / static_cast<double>(counted_);
    scalars["lr"] = rate;
    const double seconds = std::chrono::duration<double>(Clock::now() - reported_).count();
    const double samples_per_s = static_cast<double>(counted_ * options_.batch) / seconds;
    sums_.clear();
    counted_ = 0;
    observer_.Report({.stage = index_,
                      .stages = count_,
                      .name = options_.stage,
                      .step = step_,
                      .steps = options_.steps,
                      .started_at = started_at_,
                      .samples_per_s = samples_per_s,
                      .scalars = scalars});
    scalars["samples_per_s"] = samples_per_s;
    metrics_->Add(index_, options_.stage, step_, scalars);
    reported_ = Clock::now();
  }

  // the one place where a step waits for the device
  void Count(const std::vector<int64_t>& rows, const StepLoss& loss, const at::Tensor& norm) {
    std::vector<at::Tensor> values = {loss.total, norm};
    for (const auto& [name, part] : loss.parts) values.push_back(part);
    for (at::Tensor& value : values) value = value.to(at::kDouble);
    const at::Tensor read = at::stack(values).cpu();
    const auto* value = read.const_data_ptr<double>();
    if (!std::isfinite(value[0])) KeepBatch(rows, value[0]);
    sums_["loss"] += *value++;
    sums_["gradient_norm"] += *value++;
    for (const auto& [name, part] : loss.parts) sums_[name] += *value++;
    ++counted_;
  }

  [[noreturn]] void KeepBatch(const std::vector<int64_t>& rows, double loss) const {
    TensorMap batch = {{"rows", at::tensor(rows, at::kLong)}};
    for (const char* name : {"frames", "actions", "proprio", "points"}) {
      batch.emplace(name, samples_.Gather(name, rows));
    }
    const auto file = folder_ / "bad_batch.safetensors";
    WriteTensors(file, batch, {{"step", std::to_string(step_)}});
    throw Error(fmt::format("stage {}: the loss is {} at step {}; its batch is in {}",
                            options_.stage, loss, step_, file.string()),
                "lower the learning rate, then go on from the last save with --resume");
  }

  // spread over the held-out rows, the same each time
  std::vector<std::vector<int64_t>> HeldOutBatches() const {
    std::vector<std::vector<int64_t>> batches;
    const std::vector<int64_t>& rows = samples_.held_out();
    const auto size = static_cast<int64_t>(rows.size());
    const int64_t wanted = std::min(size, options_.batch * options_.validation_batches);
    for (int64_t i = 0; i < wanted; ++i) {
      if (i % options_.batch == 0) batches.emplace_back();
      batches.back().push_back(rows[i * size / wanted]);
    }
    return batches;
  }

  void Validate() {
    const auto batches = HeldOutBatches();
    if (batches.empty()) return;
    const at::NoGradGuard guard;
    const Optimizer::Averaged averaged(*optimizer_);
    Scalars scalars;
    std::map<std::string, int64_t> measured;  // batches that have a figure of the name
    for (size_t i = 0; i < batches.size(); ++i) {
      const StepLoss loss =
          stage_->Loss({batches[i], GeneratorAt(-1 - static_cast<int64_t>(i)), false});
      Scalars batch = stage_->Measure(batches[i]);
      batch["loss"] = loss.total.item<double>();
      for (const auto& [name, part] : loss.parts) batch[name] = part.item<double>();
      for (const auto& [name, value] : batch) {
        scalars["held_out/" + name] += value;
        ++measured["held_out/" + name];
      }
    }
    for (auto& [name, value] : scalars) value /= static_cast<double>(measured.at(name));
    metrics_->Add(index_, options_.stage, step_, scalars);
    metrics_->Add(options_.stage, step_, stage_->Pictures(batches[0]));
    std::string line = fmt::format("{} step {}, held out:", options_.stage, step_);
    for (const auto& [name, value] : scalars) {
      line += fmt::format(" {} {:.4g}", name.substr(name.find('/') + 1), value);
    }
    observer_.Say(line);
    reported_ = Clock::now();
  }

  void Evaluate() {
    const auto folder = folder_ / "checkpoint";
    {
      const Optimizer::Averaged averaged(*optimizer_);
      CheckpointConfig config = config_;
      Save(folder, config);
    }
    // policies run on one thread each, and opening one says so to LibTorch
    const int threads = at::get_num_threads();
    const Scalars scalars = observer_.Evaluate(folder, options_.evaluation);
    SetTorchThreads(threads);
    if (!scalars.empty()) metrics_->Add(index_, options_.stage, step_, scalars);
    reported_ = Clock::now();
  }

  // the agent as it is, with what the stage knows of it in `config`
  void Save(const std::filesystem::path& folder, CheckpointConfig& config) {
    const at::NoGradGuard guard;
    stage_->Finish(config);
    config.weights = fmt::format("{} of recipe {}, {} steps", options_.stage, config.name, step_);
    SaveCheckpoint(folder, config, *agent_);
  }

  void Finish() {
    optimizer_->KeepAveraged();
    Save(folder_ / "model", config_);
    std::filesystem::remove_all(folder_ / "checkpoint");
    std::filesystem::remove(StateFile());
  }

  void SaveState() const {
    WriteTensors(StateFile(), optimizer_->State(),
                 {{"step", std::to_string(step_)}, {"options", Fingerprint()}});
  }

  void LoadState() {
    const auto file = SafetensorsFile::Open(StateFile());
    const auto& said = file.metadata();
    const auto step = said.find("step"), fingerprint = said.find("options");
    if (step == said.end() || fingerprint == said.end() || fingerprint->second != Fingerprint()) {
      throw Error(fmt::format("{} was saved by another recipe", StateFile().string()),
                  "start anew in another folder, or give back the recipe it began with");
    }
    optimizer_->Load(ReadTensors(StateFile()), StateFile().string());
    step_ = std::stoll(step->second);
  }

  // what must not change between two parts of a run
  std::string Fingerprint() const {
    return fmt::format("{:016x}", Hash64(ToJson(options_).dump(), seed_));
  }

  const StageOptions& options_;
  int index_, count_;
  uint64_t seed_;
  std::filesystem::path out_, folder_;
  CheckpointConfig& config_;
  VegaAgent agent_;
  TrainObserver& observer_;
  SampleStore samples_;
  BatchOrder order_;
  std::unique_ptr<TrainStage> stage_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<BatchGradient> gradient_;
  std::unique_ptr<Metrics> metrics_;
  int parts_ = 1;  // of a batch
  int64_t step_ = 0, started_at_ = 0;
  Scalars sums_;         // since the last report
  int64_t counted_ = 0;  // steps since then
  Clock::time_point reported_;
};

VegaAgent OpenFinished(const std::filesystem::path& folder, CheckpointConfig& config) {
  config = ReadCheckpointConfig(folder);
  VegaAgent agent(config);
  LoadCheckpointWeights(folder, *agent);
  return agent;
}

}  // namespace

bool Train(const TrainOptions& options, TrainObserver& observer, const std::atomic<bool>& stop) {
  const Recipe& recipe = options.recipe;
  const std::filesystem::path out = recipe.out;
  if (!options.resume && std::filesystem::exists(out / "recipe.json")) {
    throw Error(fmt::format("{} already holds a run", out.string()),
                "go on with --resume, or name another folder with --out");
  }
  if (options.threads > 0) SetTorchThreads(options.threads);
  KeepFreedMemory();
  const at::Device device = OpenDevice(options.device);
  if (device.is_cuda()) at::globalContext().setBenchmarkCuDNN(true);  // shapes hardly change
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) throw Error(fmt::format("cannot write {}: {}", out.string(), error.message()));
  AtomicFile file(out / "recipe.json");
  file.Write(ToJson(recipe).dump(2) + "\n");
  file.Commit();

  CheckpointConfig config;
  VegaAgent agent{nullptr};
  const int stages = static_cast<int>(recipe.stages.size());
  const auto& parts = recipe.init_parts;
  bool policy_learnt =
      !recipe.init.empty() && std::find(parts.begin(), parts.end(), "policy") != parts.end();
  for (int i = 0; i < stages; ++i) {
    const auto done = out / fmt::format("{:02}-{}", i, recipe.stages[i].stage) / "model";
    if (options.resume && std::filesystem::exists(done / "config.json")) {
      observer.Say(
          fmt::format("stage {}/{} {}: done before", i + 1, stages, recipe.stages[i].stage));
      agent = OpenFinished(done, config);
      policy_learnt |= recipe.stages[i].stage == "policy";
      continue;
    }
    if (i == 0) agent = OpenStart(recipe, config);
    if (!StageRun(options, device, i, config, agent, policy_learnt, observer).Run(stop)) {
      return false;
    }
    policy_learnt |= recipe.stages[i].stage == "policy";
  }
  if (recipe.keep_init > 0) KeepInit(recipe, agent);
  SaveCheckpoint(out / "model", config, *agent, recipe.store == "f16");
  return true;
}

}  // namespace vega
