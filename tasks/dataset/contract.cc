// Conventions as JSON.

#include "tasks/dataset/contract.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kRobotPrefix[] = "robot0_";
constexpr char kImageSuffix[] = "_rgb";

constexpr char kUnknown[] = "unknown";
constexpr char kBefore[] = "before_action";
constexpr char kAfter[] = "after_action";
constexpr char kTop[] = "top";
constexpr char kBottom[] = "bottom";

// what is the same in every file; a file that says otherwise is refused
Json Fixed() {
  return {{"action",
           {{"names", {"dx", "dy", "dz", "drx", "dry", "drz", "gripper"}},
            {"bounds", {-1, 1}},
            {"scale", {0.05, 0.05, 0.05, 0.5, 0.5, 0.5, 1}},
            {"units", "0.05 m, 0.5 rad (rotation vector), world axes"},
            {"gripper", "-1 opens, +1 closes"}}},
          {"quaternions", "x,y,z,w"},
          {"proprio",
           {{"ee_pos", "m, world, site gripper0_grip_site"},
            {"ee_ori", "rad, rotation vector of body robot0_right_hand, world"},
            {"ee_states", "ee_pos, ee_ori"},
            {"gripper_states", "m, finger 1 (+), finger 2 (-)"},
            {"joint_states", "rad"},
            {"robot_states", "gripper_states, ee_pos, quaternion x,y,z,w"}}},
          {"states", "MuJoCo time, qpos, qvel, before the action"},
          {"noop_rule",
           fmt::format("norm of action[0:6] < {} and gripper as in the row before", kNoOpNorm)}};
}

const char* Name(ImageRows rows) { return rows == ImageRows::kTopFirst ? kTop : kBottom; }

const char* Name(ObservationTime time) {
  return time == ObservationTime::kBeforeAction ? kBefore : kAfter;
}

// `text` as one of two names
bool IsFirst(const std::string& text, const char* first, const char* second, const char* key) {
  if (text == first || text == second) return text == first;
  throw Error(fmt::format("{} is \"{}\", not {} or {}", key, text, first, second));
}

}  // namespace

DatasetConventions OfficialLibero() {
  return {ImageRows::kBottomFirst, ObservationTime::kAfterAction};
}

std::string Describe(const DatasetConventions& conventions) {
  return fmt::format(
      "row 0 of a picture is the {}, observations are {} the action", Name(conventions.rows),
      conventions.observations == ObservationTime::kBeforeAction ? "before" : "after");
}

Json ToJson(const DatasetContract& c) {
  Json json = {{"version", 1},
               {"row_0", Name(c.conventions.rows)},
               {"observations", Name(c.conventions.observations)},
               {"cameras", c.cameras},
               {"image_size", c.image_size},
               {"render_quality", c.render_quality ? Name(*c.render_quality) : kUnknown},
               {"renderer", c.renderer},
               {"control_hz", c.control_hz},
               {"noops", c.filters_noops ? "filtered" : "kept"},
               {"episodes", c.successes_only ? "successes" : "all"},
               {"hold_steps", c.hold_steps},
               {"collected_by", c.collected_by},
               {"action_noise", c.action_noise},
               {"labels", c.action_noise > 0 ? kExpertActions : "actions"}};
  if (!c.taken_over_from.empty()) {
    json["taken_over_from"] = c.taken_over_from;
    json["labels"] = fmt::format("actions where {} is 1", kExpertActs);
  }
  json.update(Fixed());
  return json;
}

DatasetContract ParseContract(const std::string& text, const std::string& source) {
  try {
    const Json json = Json::parse(text);
    if (json.at("version") != 1) throw Error("version is " + json.at("version").dump() + ", not 1");
    const Json fixed = Fixed();
    for (const auto& [key, value] : fixed.items()) {
      if (json.at(key) == value) continue;
      throw Error(fmt::format("{} is {}, not {}", key, json.at(key).dump(), value.dump()));
    }
    DatasetContract c;
    c.conventions.rows = IsFirst(json.at("row_0"), kTop, kBottom, "row_0")
                             ? ImageRows::kTopFirst
                             : ImageRows::kBottomFirst;
    c.conventions.observations = IsFirst(json.at("observations"), kBefore, kAfter, "observations")
                                     ? ObservationTime::kBeforeAction
                                     : ObservationTime::kAfterAction;
    c.cameras = json.at("cameras").get<std::vector<std::string>>();
    c.image_size = json.at("image_size");
    if (const std::string quality = json.at("render_quality"); quality != kUnknown) {
      c.render_quality = ParseRenderQuality(quality);
    }
    c.renderer = json.at("renderer");
    c.control_hz = json.at("control_hz");
    c.filters_noops = IsFirst(json.at("noops"), "filtered", "kept", "noops");
    c.successes_only = IsFirst(json.at("episodes"), "successes", "all", "episodes");
    c.hold_steps = json.at("hold_steps");
    c.collected_by = json.at("collected_by");
    c.action_noise = json.value("action_noise", 0.0);  // older files lack it
    c.taken_over_from = json.value("taken_over_from", std::string());
    return c;
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: its contract cannot be read: {}", source, error.what()),
                "collect it again, or convert it with the version of vega that wrote it");
  }
}

std::string ImageKey(const std::string& camera) {
  const bool robot = camera.starts_with(kRobotPrefix);
  return (robot ? camera.substr(sizeof(kRobotPrefix) - 1) : camera) + kImageSuffix;
}

std::string CameraOfKey(const std::string& key) {
  std::string name = key.substr(0, key.size() - (sizeof(kImageSuffix) - 1));
  return name == "eye_in_hand" ? kRobotPrefix + name : name;
}

}  // namespace vega
