// The policy seam: what a policy is shown and what it answers. Needs no torch; implementations live
// beside it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/image.h"
#include "sim/observation.h"
#include "sim/render_quality.h"

namespace vega {

class Scene;
class Task;

// What a policy needs to be shown, typed; part of every checkpoint (config.json) and of every run's
// manifest.
struct PolicyContract {
  std::vector<std::string>
      cameras;           // camera names in the order of PolicyInput::clips; empty: looks at nothing
  int image_size = 0;    // pixels, square; 0 when cameras is empty
  int clip_length = 1;   // T, frames per clip, >= 1
  int clip_stride = 1;   // control steps between two frames of a clip, >= 1
  int chunk_length = 1;  // K, actions per call that are executed before the next call, >= 1
  bool privileged = false;  // reads the true simulator state (scripted experts)
  // Of the pictures it learnt from; unset: it may be shown either.
  std::optional<RenderQuality> render_quality = {};
};

// Identifies an episode; the policy's own randomness is keyed by it, so results do not depend on
// workers.
struct EpisodeKey {
  std::string suite;
  std::string task_name;
  std::string instruction;  // as given to the policy
  int init = 0;             // index of the initial state
  uint64_t seed = 0;        // policy seed
};

// T frames of one camera, oldest first, newest last; the first frame is repeated where the episode
// is younger.
struct Clip {
  std::vector<Image> frames;  // (T)
};

struct PolicyInput {
  int step = 0;             // control steps since the episode's start, no-ops not counted
  std::string instruction;  // natural language
  Proprio proprio;
  std::vector<Clip> clips;       // one per contract camera, same order
  const Scene* scene = nullptr;  // true state; only for privileged policies
  const Task* task = nullptr;    // what is to be done, in full; only for privileged policies
};

// Numbers on a square grid over a picture, row by row from the top left.
struct TokenMap {
  int side = 0;               // G
  int width = 0;              // D
  std::vector<float> values;  // (G*G x D)

  bool empty() const { return values.empty(); }
};

// What a policy saw in one camera.
struct CameraInsight {
  TokenMap semantic;    // D wide
  TokenMap generative;  // D wide
  TokenMap fused;       // D wide
  TokenMap gate;        // 1 wide: 1 all semantic, 0 all generative; empty where there is none
};

// How a policy came to its last answer, for people to look at.
struct PolicyInsight {
  std::vector<CameraInsight> cameras;                    // one per contract camera, same order
  std::vector<std::pair<std::string, double>> stage_ms;  // stages of the call, in order
};

// A policy instance belongs to one worker and one episode at a time; instances may share weights.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual const PolicyContract& contract() const = 0;
  // Starts an episode. Forgets everything about the previous one.
  virtual void Reset(const EpisodeKey& episode) = 0;
  // Returns 1 to chunk_length actions, executed in order before the next call. Throws Error on
  // unusable input.
  virtual std::vector<Action> Act(const PolicyInput& input) = 0;
  // Whether an answer depends on earlier calls too, and not on the episode's key and the input
  // alone; then an episode can only be taken up in its middle by asking everything again.
  virtual bool remembers() const { return true; }
  // Of the last call; nothing where there is nothing to show.
  virtual std::optional<PolicyInsight> Insight() const { return {}; }
};

}  // namespace vega
