// What the probes compare, by name: towers, their controls, and what needs no tower.
//
//   vega-tiny, FOLDER        the world model of an agent
//   wan_t2v, wan_vace, ...   a tower of agent/tower_options.h; NAME=FOLDER with weights
//   semantic                 the agent's semantic encoder, before its projector
//   pixels                   each cell's own 4x4 pixels, in [-1,1]
//   random                   normal numbers that know nothing of the picture
//   random-init:TOWER        the tower with weights of another seed
//   noise-only:TOWER         the tower shown noise
//   shuffled-frames:TOWER    the tower shown its clip in another order
//
// A control named alone is that of the probe's agent.

#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "agent/flow_schedule.h"
#include "agent/probe/cell_points.h"
#include "agent/tower_options.h"

namespace vega {

struct TokenSource {
  std::string name;
  std::string weights;  // "trained" state as the checkpoint says it, or "none"
  int64_t grid = 0;     // G
  // What of a picture of these many pixels the tokens cover.
  std::function<PictureRegion(int height, int width)> region;
  // clips [V,T,H,W,3] u8 and their noise keys (V) -> tokens [V,G*G,D] f32 of the newest frames
  std::function<at::Tensor(const at::Tensor& clips, const std::vector<NoiseKey>& noise)> tokens;
};

struct TokenSourceOptions {
  std::string agent = "vega-tiny";  // or a checkpoint folder: grid of what has none of its own
  std::string device = "cpu";
  TowerOptions tower;  // size, block, timestep, ... of towers named by TowerNames()
};

// One source a name, in their order; an agent that several need is opened once. Throws Error.
std::vector<TokenSource> OpenTokenSources(const std::vector<std::string>& names,
                                          const TokenSourceOptions& options);

// What is compared unless a user says otherwise: the agent's towers and every control.
std::vector<std::string> DefaultTokenSources(const std::string& agent);

}  // namespace vega
