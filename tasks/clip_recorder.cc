// Which frames are needed, and clips cut from those that were kept.

#include "tasks/clip_recorder.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace vega {

ClipRecorder::ClipRecorder(const PolicyContract& contract)
    : contract_(contract), reach_((contract.clip_length - 1) * contract.clip_stride) {
  if (contract.clip_length < 1 || contract.clip_stride < 1 || contract.chunk_length < 1 ||
      (!contract.cameras.empty() && contract.image_size < 1)) {
    throw Error(fmt::format("a policy contract of clip length {}, stride {}, chunk length {} and "
                            "image size {} cannot be met",
                            contract.clip_length, contract.clip_stride, contract.chunk_length,
                            contract.image_size),
                "each must be at least 1");
  }
}

void ClipRecorder::StartAt(int step) {
  kept_.clear();
  first_ = step;
}

bool ClipRecorder::Needs(int step, int next_call) const {
  if (contract_.cameras.empty()) return false;
  if (step == first_) return true;
  for (int call = next_call; call - step <= reach_; call += contract_.chunk_length) {
    if ((call - step) % contract_.clip_stride == 0) return true;
  }
  return false;
}

void ClipRecorder::Add(int step, const std::vector<Image>& frames) {
  while (!kept_.empty() && kept_.front().step < step - reach_) kept_.pop_front();
  kept_.push_back({step, std::make_shared<const std::vector<Image>>(
                             frames.begin(), frames.begin() + contract_.cameras.size())});
}

std::vector<Clip> ClipRecorder::ClipsAt(int step) const {
  std::vector<Clip> clips(contract_.cameras.size());
  if (clips.empty()) return clips;
  for (int at = step - reach_; at <= step; at += contract_.clip_stride) {
    const auto frame = std::find_if(kept_.begin(), kept_.end(), [&](const Observed& observed) {
      return observed.step == std::max(at, first_);
    });
    if (frame == kept_.end()) {
      throw Error(fmt::format("frame {} of the clip for step {} was not drawn", at, step),
                  fmt::format("the policy must answer {} actions a call, as its contract says",
                              contract_.chunk_length));
    }
    for (size_t i = 0; i < clips.size(); ++i) clips[i].frames.push_back((*frame->frames)[i]);
  }
  return clips;
}

}  // namespace vega
