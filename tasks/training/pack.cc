#include "tasks/training/pack.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "sim/base/safetensors.h"
#include "tasks/dataset/statistics.h"
#include "tasks/training/pack_shard.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

// One thread's renderer and the task it last drew.
class PackWorker {
 public:
  PackWorker(const std::vector<Hdf5Reader>& sources, const PackOptions& options,
             const PackPlan& plan)
      : sources_(sources),
        options_(options),
        plan_(plan),
        renderer_({.quality = options.quality, .one_thread = true}) {}

  const std::string& renderer() const { return renderer_.name(); }

  // nothing when it was stopped
  std::optional<PackShard> Make(size_t shard, const std::atomic<bool>& stop,
                                const std::function<void()>& done) {
    PackShard made(options_, plan_);
    std::optional<EpisodePainter> painter;
    const auto [first, end] = plan_.Range(shard);
    for (size_t i = first; i < end; ++i) {
      if (stop) return std::nullopt;
      const PackSample& sample = plan_.samples[i];
      const PackEpisode& episode = plan_.episodes[sample.episode];
      const Hdf5Reader& reader = sources_[episode.source];
      if (i == first || plan_.samples[i - 1].episode != sample.episode) {
        painter.emplace(reader, episode, options_, plan_.categories, tasks_, tables_, renderer_);
      }
      made.Add(reader, sample, painter->Paint(sample.step));
      done();
    }
    return made;
  }

 private:
  const std::vector<Hdf5Reader>& sources_;
  const PackOptions& options_;
  const PackPlan& plan_;
  EglRenderer renderer_;
  DemoTaskSource tasks_ = LiberoDemoTasks();
  std::shared_ptr<const ExpertTables> tables_ = LoadExpertTables();
};

// columns of what is learnt from, without what is held out
class TrainingValues {
 public:
  void Add(const SafetensorsFile& shard) {
    const auto held_out = shard.Values<uint8_t>("held_out");
    const auto valid = shard.Values<uint8_t>("valid");
    const auto actions = shard.Values<float>("actions");
    const auto proprio = shard.Values<float>("proprio");
    const size_t chunk = valid.size() / held_out.size();
    for (size_t i = 0; i < held_out.size(); ++i) {
      if (held_out[i]) continue;
      proprio_.insert(proprio_.end(), proprio.begin() + kProprioSize * i,
                      proprio.begin() + kProprioSize * (i + 1));
      for (size_t k = i * chunk; k < (i + 1) * chunk; ++k) {
        if (!valid[k]) continue;
        actions_.insert(actions_.end(), actions.begin() + 7 * k, actions.begin() + 7 * (k + 1));
      }
    }
  }

  ColumnStatistics Actions() const { return Columns(actions_, 7); }
  ColumnStatistics Proprio() const { return Columns(proprio_, kProprioSize); }

 private:
  std::vector<double> actions_, proprio_;
};

Json Episodes(const std::vector<Hdf5Reader>& sources, const PackPlan& plan) {
  Json json = Json::array();
  for (const PackEpisode& episode : plan.episodes) {
    const DemoInfo& info = sources[episode.source].demos()[episode.demo];
    json.push_back({{"source", episode.source},
                    {"demo", info.name},
                    {"task", episode.task},
                    {"steps", info.steps},
                    {"held_out", episode.held_out}});
  }
  return json;
}

}  // namespace

Json DescribePack(const std::vector<Hdf5Reader>& sources, const PackOptions& options,
                  const PackPlan& plan, const PackFolder& folder, const std::string& renderer) {
  TrainingValues values;
  Json shards = Json::array();
  for (size_t shard = 0; shard < plan.shards(); ++shard) {
    values.Add(SafetensorsFile::Open(folder.Shard(shard)));
    shards.push_back(ShardName(shard));
  }
  const ColumnStatistics action = values.Actions(), proprio = values.Proprio();
  Json tasks = Json::array();
  for (const PackTask& task : plan.tasks)
    tasks.push_back({{"suite", task.suite}, {"name", task.name}});
  return {{"format", "vega-pack-1"},
          {"samples", plan.samples.size()},
          {"cameras", options.cameras},
          {"image_size", options.size},
          {"orientation", "row-0-top"},
          {"render_quality", Name(options.quality)},
          {"renderer", renderer},
          {"clip_length", options.clip_length},
          {"clip_stride", options.clip_stride},
          {"chunk_length", options.chunk_length},
          {"control_hz", 20},
          {"label_cell", kLabelCell},
          {"shard_samples", options.shard_samples},
          {"camera_jitter", options.camera_jitter},
          {"light_jitter", options.light_jitter},
          {"recolour", options.recolour},
          {"proprio",
           {{{"key", "eef_pos"}, {"size", 3}, {"unit", "m, world"}},
            {{"key", "eef_axis_angle"}, {"size", 3}, {"unit", "rad, rotation vector, world"}},
            {{"key", "gripper_qpos"}, {"size", 2}, {"unit", "m, finger 1 (+), finger 2 (-)"}}}},
          {"proprio_q01", proprio.q01},
          {"proprio_q99", proprio.q99},
          {"action_q01", action.q01},
          {"action_q99", action.q99},
          {"action_mean", action.mean},
          {"action_std", action.std},
          {"points", "m, robot base: what is acted on, where it must go, end effector; or NaN"},
          {"roles", {{"acted_on", kActedOn}, {"goes_to", kGoesTo}}},
          {"categories", plan.categories},
          {"instructions", plan.instructions},
          {"tasks", tasks},
          {"episodes", Episodes(sources, plan)},
          {"config", PackConfig(sources, options)},
          {"shards", shards}};
}

bool WritePack(const std::vector<Hdf5Reader>& sources, const PackOptions& options,
               const PackPlan& plan, PackFolder& folder, std::atomic<bool>& stop,
               const std::function<void()>& done) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  std::string renderer;
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    if (done) done();
  };
  const auto work = [&] {
    try {
      PackWorker worker(sources, options, plan);
      for (size_t shard; !stop && (shard = next++) < plan.shards();) {
        if (folder.Has(shard)) continue;
        const std::optional<PackShard> made = worker.Make(shard, stop, count);
        if (made) made->Write(folder.Shard(shard));
      }
      const std::lock_guard lock(mutex);
      renderer = worker.renderer();
    } catch (...) {
      // the first failure ends all workers
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      stop = true;
    }
  };
  const size_t wanted = options.workers > 0 ? options.workers : std::thread::hardware_concurrency();
  std::vector<std::thread> threads(
      std::clamp<size_t>(wanted, 1, std::max<size_t>(plan.shards(), 1)));
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  if (stop) return false;
  folder.Finish(DescribePack(sources, options, plan, folder, renderer));
  return true;
}

}  // namespace vega
