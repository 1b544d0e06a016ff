// What the numbers and pictures of a data set mean: its conventions, typed, stored in the file and
// checked by every reader. The field's data sets leave these to folklore (pictures upside down,
// observations one step late, quaternions in either order), which costs trainers days.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/render_quality.h"

namespace vega {

// Which row of a stored picture is row 0.
enum class ImageRows { kTopFirst, kBottomFirst };
// Row t of the observations was sampled before action t, as a policy meets it, or after it.
enum class ObservationTime { kBeforeAction, kAfterAction };

// How a data set lays out what it holds. The default is ours; OfficialLibero() is that of LIBERO's
// published demonstrations (its scripts/create_dataset.py).
struct DatasetConventions {
  ImageRows rows = ImageRows::kTopFirst;
  ObservationTime observations = ObservationTime::kBeforeAction;
  bool operator==(const DatasetConventions&) const = default;
};

DatasetConventions OfficialLibero();
// "row 0 is the top, observations before the action"
std::string Describe(const DatasetConventions& conventions);

// The input and output contract of a data set, one JSON object in its attribute `vega_contract`.
struct DatasetContract {
  DatasetConventions conventions;
  std::vector<std::string> cameras;             // names in the simulator; empty: no pictures
  int image_size = 0;                           // pixels, square; 0 without pictures
  std::optional<RenderQuality> render_quality;  // unknown of files we did not collect
  std::string renderer = "unknown";             // GL_RENDERER of whoever drew the pictures
  int control_hz = 20;                          // rows a second
  bool filters_noops = false;                   // rows whose action is a no-op were left out
  bool successes_only = true;
  int hold_steps = 0;                    // control steps the goal held after the first success
  std::string collected_by = "unknown";  // policy
  // Spread of what was added to the policy's actions before they were played, action units. When
  // positive, `actions` is what was played and `expert_actions`, row by row, what was meant.
  double action_noise = 0;
  // The policy that acts in each episode until the demonstrator takes over; empty: the
  // demonstrator acts from the start. When named, `expert_acts` says, row by row, whose action it
  // is.
  std::string taken_over_from;
};

// Adds what is fixed for all data sets: units and order of every key, action bounds, quaternion
// order, the no-op rule.
nlohmann::ordered_json ToJson(const DatasetContract& contract);
// Throws Error naming `source` when a key is missing, has the wrong type, or says that a fixed
// convention is another one (e.g. quaternions w,x,y,z).
DatasetContract ParseContract(const std::string& json, const std::string& source);

// A no-op moves the arm by less than this (norm of the first six entries) and leaves the gripper's
// command as the last kept row had it; the rule of OpenVLA's regenerated LIBERO data sets.
inline constexpr double kNoOpNorm = 1e-4;

// The array of what was meant, beside `actions`, of a file with action noise.
inline constexpr char kExpertActions[] = "expert_actions";

// (T) u8, beside `actions`, of a file whose demonstrator took over from another policy: 0 where
// that policy acts, 1 from the takeover to the end.
inline constexpr char kExpertActs[] = "expert_acts";

// LIBERO's name of a camera's pictures in an HDF5 file: agentview to agentview_rgb,
// robot0_eye_in_hand to eye_in_hand_rgb. And back.
std::string ImageKey(const std::string& camera);
std::string CameraOfKey(const std::string& key);

}  // namespace vega
