// Which frames of an episode a policy will look at, and the clips made of them.
//
// A policy is called at step 0 and after each chunk of K actions; its clip holds the T frames
// observed at the call's step c and at c - s, c - 2s, ... (T = 3, s = 2, K = 8, calls at 0 and 8):
//
//   step   0  1  2  3  4  5  6  7  8
//   drawn  *           *     *     *
//
// Frames nobody will look at are never drawn, which on a CPU renderer is most of an episode's time.

#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "policies/policy.h"

namespace vega {

class ClipRecorder {
 public:
  // Throws Error for a contract that cannot be met: a length, stride or size below 1.
  explicit ClipRecorder(const PolicyContract& contract = {});

  // Forgets all frames.
  void Reset() { StartAt(0); }
  // The same, for an episode that is taken up at `step`: no older frame is asked for.
  void StartAt(int step);
  // Whether the frame observed at `step` belongs to the clip of the call at `next_call` >= step or,
  // full chunks assumed, of one of the calls after it.
  bool Needs(int step, int next_call) const;
  // Keeps the frames observed at `step`, of which the first are the contract's cameras, in its
  // order.
  void Add(int step, const std::vector<Image>& frames);
  // One clip a camera for a call at `step`, oldest frame first; steps before the first repeat
  // its frame.
  // Throws Error when a frame is missing because the policy answered fewer actions than its
  // contract says.
  std::vector<Clip> ClipsAt(int step) const;

 private:
  struct Observed {
    int step;
    std::shared_ptr<const std::vector<Image>> frames;  // (cameras)
  };

  PolicyContract contract_;
  int first_ = 0;              // step the episode is taken up at
  int reach_;                  // steps between a clip's first and last frame
  std::deque<Observed> kept_;  // oldest first, none older than any future clip reaches
};

}  // namespace vega
