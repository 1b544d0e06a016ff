// Names to towers, encoders and controls.

#include "agent/probe/token_source.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <utility>

#include "agent/control_backends.h"
#include "agent/preprocess.h"
#include "agent/tower.h"
#include "agent/vega_agent.h"
#include "sim/base/error.h"

namespace vega {
namespace {

constexpr int64_t kPatch = 4;            // pixels along a cell's side of the source `pixels`
constexpr uint64_t kOtherSeed = 0x5eed;  // added to a model's own for random-init

using Agent = std::shared_ptr<const VegaAgentRunner>;

class Opener {
 public:
  explicit Opener(const TokenSourceOptions& options) : options_(options) {}

  TokenSource Open(const std::string& name) {
    if (name == "pixels") return Pixels();
    if (name == "semantic") return Semantic();
    if (name == "random") {
      const int64_t width = FindAgent(options_.agent)->pipeline().options().dit.dim;
      return Tower(name, FindAgent(options_.agent),
                   std::make_shared<RandomFeatureBackend>(width, Grid()), "none");
    }
    if (IsTower(name)) return WanTower(name);
    const size_t colon = name.find(':');
    const std::string control = name.substr(0, colon);
    const std::string tower = colon == std::string::npos ? options_.agent : name.substr(colon + 1);
    if (control == "random-init") return RandomInit(name, tower);
    if (control == "noise-only") {
      const Agent agent = FindAgent(tower);
      return Tower(name, agent, std::make_shared<NoiseOnlyBackend>(agent->pipeline().backend()));
    }
    if (control == "shuffled-frames") {
      const Agent agent = FindAgent(tower);
      return Tower(name, agent,
                   std::make_shared<ShuffledFramesBackend>(agent->pipeline().backend()));
    }
    const Agent agent = FindAgent(name);
    return Tower(name, agent, agent->pipeline().backend());
  }

 private:
  // "wan_t2v", "wan_t2v=FOLDER", or either after a control and a colon
  static bool IsTower(const std::string& name) {
    const std::string tower = name.substr(name.find(':') + 1);
    for (const std::string& known : TowerNames()) {
      if (tower == known || tower.starts_with(known + "=")) return true;
    }
    return false;
  }

  TokenSource WanTower(const std::string& name) {
    TowerOptions o = options_.tower;
    const size_t equals = name.find('=');
    o.tower = name.substr(0, equals);
    o.weights = equals == std::string::npos ? "" : name.substr(equals + 1);
    o.device = options_.device;
    const auto tower = std::make_shared<const vega::Tower>(OpenTower(o));
    const TokenGrid grid = tower->backend->grid();
    if (grid.height != grid.width) {
      throw Error(fmt::format("tower '{}' has {}x{} tokens", name, grid.height, grid.width),
                  "the probe needs a square grid: --pool, or a square --size");
    }
    TokenSource source;
    source.name = name;
    source.weights = tower->weights;
    source.grid = grid.height;
    source.region = [h = tower->options.height, w = tower->options.width](int height, int width) {
      return CoverCropRegion(height, width, h, w);
    };
    source.tokens = [tower](const at::Tensor& clips, const std::vector<NoiseKey>& noise) {
      FeatureRequest request;
      request.frames = tower->options.frames == "independent" ? clips.slice(1, -1) : clips;
      request.noise = noise;
      return tower->backend->Extract(request, nullptr)
          .pooled.select(1, -1)
          .to(at::kCPU, at::kFloat);
    };
    return source;
  }

  const Agent& FindAgent(const std::string& name) {
    Agent& agent = agents_[name];
    if (agent == nullptr) {
      try {
        agent = OpenAgent(name, options_.device);
      } catch (const Error& error) {
        throw Error(fmt::format("cannot open tower '{}': {}", name, error.what()),
                    "towers: vega-tiny, a checkpoint folder, wan_t2v[=FOLDER], wan_vace[=FOLDER], "
                    "vae[=FOLDER], vega-s=FOLDER, semantic, pixels, random, "
                    "random-init[:TOWER], noise-only[:TOWER], shuffled-frames[:TOWER]");
      }
    }
    return agent;
  }

  int64_t Grid() { return FindAgent(options_.agent)->pipeline().options().grid; }

  TokenSource Tower(const std::string& name, const Agent& agent,
                    std::shared_ptr<FeatureBackend> backend, std::string weights = "") {
    const VegaModelOptions& o = agent->pipeline().options();
    TokenSource source;
    source.name = name;
    source.weights = weights.empty() ? agent->config().weights : std::move(weights);
    source.grid = o.grid;
    source.region = [h = o.height, w = o.width](int height, int width) {
      return CoverCropRegion(height, width, h, w);
    };
    source.tokens = [agent, backend = std::move(backend), independent = o.frames == "independent"](
                        const at::Tensor& clips, const std::vector<NoiseKey>& noise) {
      FeatureRequest request;
      request.frames = independent ? clips.slice(1, -1) : clips;
      request.noise = noise;
      return backend->Extract(request, nullptr).pooled.select(1, -1).to(at::kCPU, at::kFloat);
    };
    return source;
  }

  TokenSource RandomInit(const std::string& name, const std::string& tower) {
    CheckpointConfig config = FindAgent(tower)->config();
    config.weights = "untrained";
    config.weights_seed += kOtherSeed;
    const auto agent = std::make_shared<const VegaAgentRunner>(config, options_.device);
    return Tower(name, agent, agent->pipeline().backend());
  }

  TokenSource Semantic() {
    const Agent agent = FindAgent(options_.agent);
    TokenSource source = Tower("semantic", agent, nullptr);
    source.tokens = [agent, grid = source.grid](const at::Tensor& clips,
                                                const std::vector<NoiseKey>&) {
      return ResizeTokens(agent->pipeline().SemanticTokens(clips.slice(1, -1)), grid)
          .to(at::kCPU, at::kFloat);
    };
    return source;
  }

  TokenSource Pixels() {
    TokenSource source;
    source.name = "pixels";
    source.weights = "none";
    source.grid = Grid();
    source.region = [](int, int) { return PictureRegion(); };
    source.tokens = [grid = source.grid](const at::Tensor& clips, const std::vector<NoiseKey>&) {
      const at::Tensor newest = clips.select(1, -1).permute({0, 3, 1, 2});  // [V,3,H,W]
      const at::Tensor small = at::adaptive_avg_pool2d(newest.to(at::kFloat).div(127.5).sub(1.0),
                                                       {grid * kPatch, grid * kPatch});
      return small.unflatten(3, {grid, kPatch})
          .unflatten(2, {grid, kPatch})  // [V,3,G,4,G,4]
          .permute({0, 2, 4, 1, 3, 5})   // [V,G,G,3,4,4]
          .flatten(3)
          .flatten(1, 2)
          .contiguous();  // [V,G*G,48]
    };
    return source;
  }

  TokenSourceOptions options_;
  std::map<std::string, Agent> agents_;
};

}  // namespace

std::vector<TokenSource> OpenTokenSources(const std::vector<std::string>& names,
                                          const TokenSourceOptions& options) {
  Opener opener(options);
  std::vector<TokenSource> sources;
  for (const std::string& name : names) sources.push_back(opener.Open(name));
  if (sources.empty()) throw Error("no towers to probe", "name some, e.g. vega-tiny,pixels");
  return sources;
}

std::vector<std::string> DefaultTokenSources(const std::string& agent) {
  return {agent, "random-init", "noise-only", "shuffled-frames", "random", "pixels", "semantic"};
}

}  // namespace vega
