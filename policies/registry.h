// Every policy by name, and how one is opened. To add a policy, add a line to the list in
// registry.cc.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policies/policy.h"

namespace vega {

// The trained agent that comes with the program: what runs where no policy is named.
inline constexpr char kTrainedPolicy[] = "vega-s";

struct PolicyOptions {
  // policies without a network ignore all of these but open_loop
  std::string device = "cpu";  // cpu or cuda
  std::string fusion;          // fusion method instead of the checkpoint's; empty: the checkpoint's
  std::optional<double> gate;  // in [0,1], instead of the learnt one
  // Encode only what is new in the clips, as far as this tolerance says; see
  // agent/latent_stream.h. 0 changes no answer.
  std::optional<double> stream;
  // Of any policy: actions of a chunk that are played before it looks again, 1 to its chunk length;
  // 0: as its checkpoint says, else all.
  int open_loop = 0;
};

// A policy opened once per run: its weights are read and shared, each worker makes its own
// instance.
struct PolicySource {
  std::string name;              // as asked for, e.g. "vega-tiny" or "replay:actions.safetensors"
  std::string weights = "none";  // "none" | "untrained" | what the checkpoint says of itself
  PolicyContract contract;
  int open_loop = 0;                              // what its checkpoint says, see PolicyOptions
  std::function<std::unique_ptr<Policy>()> make;  // may be called from any thread
};

struct PolicyName {
  std::string name;         // as typed
  std::string description;  // a phrase
};

// A policy that another part of the program brings along, such as the expert, which knows tasks.
struct PolicyOffer {
  PolicyName name;
  // Nothing when `name` is not this offer's. Throws Error for a name that is but cannot be opened.
  std::function<std::optional<PolicySource>(const std::string& name)> open;
};

// `name` is one of PolicyNames() or a checkpoint folder. The contract's chunk length is of what is
// played. Throws Error for an unknown name, naming the valid ones, and for an open_loop longer than
// the chunk.
PolicySource OpenPolicy(const std::string& name, const PolicyOptions& options = {},
                        const std::vector<PolicyOffer>& offers = {});
// What --policy accepts, in the order shown to users.
std::vector<PolicyName> PolicyNames(const std::vector<PolicyOffer>& offers = {});

}  // namespace vega
