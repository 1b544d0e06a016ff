// The agent behind the policy seam: frames, proprio and instruction in, actions out.

#include "policies/vega_policy.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "agent/device.h"
#include "agent/latent_stream.h"
#include "agent/vega_agent.h"
#include "sim/base/error.h"

namespace vega {
namespace {

// rotation vector of a unit quaternion x,y,z,w, as robosuite's quat2axisangle gives it: |angle| up
// to 2 pi, sign of w kept
std::array<double, 3> AxisAngle(const std::array<double, 4>& q) {
  const double w = std::clamp(q[3], -1.0, 1.0);
  const double sine = std::sqrt(1.0 - w * w);
  if (sine == 0) return {0, 0, 0};
  const double scale = 2.0 * std::acos(w) / sine;
  return {q[0] * scale, q[1] * scale, q[2] * scale};
}

std::vector<double> ProprioValues(const Proprio& proprio, const AgentContract& contract) {
  std::vector<double> values;
  for (const ProprioEntry& entry : contract.proprio) {
    if (entry.key == "eef_pos") {
      values.insert(values.end(), proprio.eef_pos.begin(), proprio.eef_pos.end());
    } else if (entry.key == "eef_axis_angle") {
      const auto rotation = AxisAngle(proprio.eef_quat);
      values.insert(values.end(), rotation.begin(), rotation.end());
    } else if (entry.key == "gripper_qpos") {
      values.insert(values.end(), proprio.gripper_qpos.begin(), proprio.gripper_qpos.end());
    } else {
      throw Error(fmt::format("unknown proprio key '{}' in the contract", entry.key),
                  "keys: eef_pos, eef_axis_angle, gripper_qpos");
    }
  }
  return values;
}

// tokens [G*G,D]
TokenMap ToTokenMap(const at::Tensor& tokens) {
  const at::Tensor rows = tokens.to(at::kCPU, at::kFloat).contiguous();
  const auto* values = rows.data_ptr<float>();
  return {.side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(rows.size(0))))),
          .width = static_cast<int>(rows.size(1)),
          .values = {values, values + rows.numel()}};
}

PolicyContract ToPolicyContract(const AgentContract& agent) {
  PolicyContract contract;
  contract.cameras = agent.cameras;
  contract.image_size = agent.image_size;
  contract.clip_length = agent.clip_length;
  contract.clip_stride = agent.clip_stride;
  contract.chunk_length = agent.chunk_length;
  if (agent.render_quality != "any") {
    contract.render_quality = ParseRenderQuality(agent.render_quality);
  }
  return contract;
}

class VegaPolicy : public Policy {
 public:
  VegaPolicy(std::shared_ptr<const VegaAgentRunner> agent, std::optional<double> stream)
      : agent_(std::move(agent)), contract_(ToPolicyContract(agent_->config().contract)) {
    if (stream) stream_.emplace(LatentStreamOptions{.tolerance = *stream});
  }

  const PolicyContract& contract() const override { return contract_; }

  void Reset(const EpisodeKey& episode) override {
    episode_ = episode;
    if (stream_) stream_->Reset();
    SetInstruction(episode.instruction);
  }

  std::vector<Action> Act(const PolicyInput& input) override {
    if (input.instruction != instruction_) SetInstruction(input.instruction);
    request_.clips.frames = Frames(input);
    request_.clips.stream = stream_ ? &*stream_ : nullptr;
    request_.clips.noise.clear();
    for (const std::string& camera : contract_.cameras) {
      request_.clips.noise.push_back(
          {episode_.seed,
           fmt::format("{}/{}/{}/{}", episode_.suite, episode_.task_name, episode_.init, camera),
           static_cast<uint64_t>(input.step)});
    }
    request_.proprio = ProprioValues(input.proprio, agent_->config().contract);
    times_.Clear();
    const at::Tensor chunk = agent_->Act(request_, &times_, &seen_);  // [K,A] f64
    std::vector<Action> actions(chunk.size(0));
    const auto rows = chunk.accessor<double, 2>();
    for (int64_t k = 0; k < chunk.size(0); ++k) {
      for (size_t a = 0; a < actions[k].size(); ++a) actions[k][a] = rows[k][a];
    }
    return actions;
  }

  bool remembers() const override { return stream_ && stream_->options().tolerance > 0; }

  std::optional<PolicyInsight> Insight() const override {
    if (!seen_.fused.defined()) return {};
    PolicyInsight insight;
    for (int64_t camera = 0; camera < seen_.fused.size(0); ++camera) {
      insight.cameras.push_back({.semantic = ToTokenMap(seen_.semantic[camera]),
                                 .generative = ToTokenMap(seen_.generative[camera]),
                                 .fused = ToTokenMap(seen_.fused[camera])});
      if (!seen_.gate.defined()) continue;
      // a gate a channel is shown by its mean over them
      insight.cameras.back().gate = ToTokenMap(seen_.gate[camera].mean(-1, /*keepdim=*/true));
    }
    for (size_t i = 0; i < static_cast<size_t>(Stage::kCount); ++i) {
      const auto stage = static_cast<Stage>(i);
      if (times_.count(stage) > 0) {
        insight.stage_ms.emplace_back(Name(stage), times_.Sum(stage));
      }
    }
    return insight;
  }

 private:
  void SetInstruction(const std::string& instruction) {
    instruction_ = instruction;
    request_.instruction = agent_->text().Encode(instruction);
  }

  // [cameras,T,H,W,3] u8
  at::Tensor Frames(const PolicyInput& input) const {
    const int size = contract_.image_size;
    const size_t bytes = static_cast<size_t>(size) * size * 3;
    if (input.clips.size() != contract_.cameras.size()) {
      throw Error(fmt::format("the policy wants {} clips, not {}", contract_.cameras.size(),
                              input.clips.size()));
    }
    at::Tensor frames =
        at::empty({static_cast<int64_t>(input.clips.size()), contract_.clip_length, size, size, 3},
                  at::kByte);
    auto* out = frames.data_ptr<uint8_t>();
    for (const Clip& clip : input.clips) {
      if (static_cast<int>(clip.frames.size()) != contract_.clip_length) {
        throw Error(fmt::format("the policy wants clips of {} frames, not {}",
                                contract_.clip_length, clip.frames.size()));
      }
      for (const Image& frame : clip.frames) {
        if (frame.height != size || frame.width != size || frame.pixels.size() != bytes) {
          throw Error(fmt::format("the policy wants pictures of {0}x{0} pixels, not {1}x{2}", size,
                                  frame.width, frame.height));
        }
        std::memcpy(out, frame.pixels.data(), bytes);
        out += bytes;
      }
    }
    return frames;
  }

  std::shared_ptr<const VegaAgentRunner> agent_;
  PolicyContract contract_;
  EpisodeKey episode_;
  std::string instruction_;
  AgentRequest request_;
  std::optional<LatentStream> stream_;
  VegaFeatures seen_;  // of the last call
  StageTimes times_;   // of the last call
};

}  // namespace

PolicySource OpenVegaPolicy(const std::string& name, const PolicyOptions& options) {
  SetTorchThreads(1);
  const auto agent =
      OpenAgent(name, options.device, {.fusion = options.fusion, .gate = options.gate});
  return {name, agent->config().weights, ToPolicyContract(agent->config().contract),
          agent->config().contract.open_loop,
          [agent, stream = options.stream] { return std::make_unique<VegaPolicy>(agent, stream); }};
}

}  // namespace vega
