#include "tasks/dataset/hdf5_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

using Json = nlohmann::json;

constexpr char kDemoPrefix[] = "demo_";
constexpr char kConvention[] = "macros_image_convention";
constexpr char kOrientation[] = "image_orientation";

// number of "demo_12"; -1 for another name
int64_t DemoNumber(const std::string& name) {
  int64_t number = -1;
  if (!name.starts_with(kDemoPrefix)) return -1;
  const char* end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + sizeof(kDemoPrefix) - 1, end, number);
  return error == std::errc() && at == end ? number : -1;
}

std::string TextOr(const Hdf5Group& group, const std::string& name, const std::string& other) {
  return group.HasAttribute(name) ? group.TextAttribute(name) : other;
}

std::string InstructionOf(const std::string& problem_info) {
  const Json info = Json::parse(problem_info, nullptr, false);
  if (!info.is_object()) return {};
  const Json words = info.value("language_instruction", Json());
  // older files of LIBERO hold a list of words
  if (words.is_string()) return words;
  std::string text;
  if (words.is_array()) {
    for (const Json& word : words) {
      if (word.is_string()) text += (text.empty() ? "" : " ") + word.get<std::string>();
    }
  }
  return text;
}

bool IsPicture(const Hdf5Array& array) {
  return array.type == Hdf5Type::kU8 && array.shape.size() == 4 && array.shape[3] == 3;
}

}  // namespace

Hdf5Reader Hdf5Reader::Open(const std::filesystem::path& file, ForeignConventions foreign,
                            std::optional<DatasetConventions> declared) {
  Hdf5Reader reader(file, Hdf5Group::Open(file).Group("data"), foreign);
  std::vector<std::string> names;
  for (const std::string& name : reader.data_.Names()) {
    if (DemoNumber(name) >= 0) names.push_back(name);
  }
  std::sort(names.begin(), names.end(),
            [](auto& a, auto& b) { return DemoNumber(a) < DemoNumber(b); });
  if (names.empty()) {
    throw Error(file.string() + " has no demonstrations (groups /data/demo_0 and on)",
                "it is no LIBERO or robomimic data set");
  }
  reader.groups_.push_back(reader.data_.Group(names[0]));
  reader.ReadContract(declared);
  reader.groups_.clear();
  for (const std::string& name : names) reader.ReadDemo(name);
  reader.RequireTotals();
  return reader;
}

void Hdf5Reader::ReadContract(std::optional<DatasetConventions> declared) {
  ours_ = data_.HasAttribute("vega_contract");
  if (ours_) {
    contract_ = ParseContract(data_.TextAttribute("vega_contract"), file_.string());
    const bool top = contract_.conventions.rows == ImageRows::kTopFirst;
    if (data_.TextAttribute(kOrientation) != (top ? "row_0_top" : "row_0_bottom") ||
        data_.TextAttribute(kConvention) != (top ? "opencv" : "opengl")) {
      throw Error(fmt::format("{} contradicts itself: vega_contract, {} and {} name different "
                              "orientations of its pictures",
                              file_.string(), kOrientation, kConvention),
                  "it was edited; collect it again");
    }
  } else {
    const Hdf5Group obs = groups_[0].Group("obs");
    for (const std::string& key : obs.Names()) {
      if (!key.ends_with("_rgb")) continue;
      const Hdf5Array array = obs.Array(key);
      if (!IsPicture(array) || array.shape[1] != array.shape[2]) {
        throw Error(fmt::format("{}/{} holds no square RGB pictures", obs.where(), key));
      }
      contract_.cameras.push_back(CameraOfKey(key));
      contract_.image_size = static_cast<int>(array.shape[1]);
    }
    const std::string convention = TextOr(data_, kConvention, "");
    if (declared) {
      contract_.conventions = *declared;
    } else if (convention == "opengl") {
      contract_.conventions = OfficialLibero();
    } else {
      throw Error(fmt::format("{} does not say which way up its pictures are ({} is \"{}\")",
                              file_.string(), kConvention, convention),
                  "declare it: --images top|bottom --observations before|after");
    }
    contract_.successes_only = true;
  }
  if (foreign_ == ForeignConventions::kRefuse && contract_.conventions != DatasetConventions{}) {
    throw Error(fmt::format("{}: {}; vega's are: {}", file_.string(),
                            Describe(contract_.conventions), Describe(DatasetConventions{})),
                "vega dataset convert --to hdf5 makes a file that follows them");
  }
}

void Hdf5Reader::ReadDemo(const std::string& name) {
  Hdf5Group group = data_.Group(name);
  DemoInfo info{.name = name};
  const Hdf5Array actions = group.Array("actions");
  if (actions.shape.size() != 2 || actions.shape[1] != 7 || actions.shape[0] < 1) {
    throw Error(group.where() + "/actions is not (T,7)", "the file is damaged or no LIBERO data");
  }
  const int64_t stored = actions.shape[0];
  if (group.IntegerAttribute("num_samples") != stored) {
    throw Error(fmt::format("{}: num_samples is {}, but there are {} actions", group.where(),
                            group.IntegerAttribute("num_samples"), stored),
                "the file is damaged");
  }
  const auto require_rows = [&](const Hdf5Group& in, const std::string& key) {
    const Hdf5Array array = in.Array(key);
    if (array.shape.empty() || array.shape[0] != stored) {
      throw Error(fmt::format("{}/{} has {} rows for {} actions", in.where(), key,
                              array.shape.empty() ? 0 : array.shape[0], stored),
                  "the file is damaged");
    }
  };
  require_rows(group, "states");
  if (contract_.action_noise > 0) {
    require_rows(group, kExpertActions);
    if (group.Array(kExpertActions).shape != actions.shape) {
      throw Error(group.where() + "/" + kExpertActions + " is not (T,7)", "the file is damaged");
    }
  }
  if (!contract_.taken_over_from.empty()) require_rows(group, kExpertActs);
  const Hdf5Group obs = group.Group("obs");
  for (const std::string& key : obs.Names()) require_rows(obs, key);
  for (const std::string& camera : contract_.cameras) {
    const Hdf5Array array = obs.Array(ImageKey(camera));
    if (!IsPicture(array) || array.shape[1] != contract_.image_size ||
        array.shape[2] != contract_.image_size) {
      throw Error(fmt::format("{}/{} does not hold RGB pictures of {} px", obs.where(),
                              ImageKey(camera), contract_.image_size),
                  "the file is damaged");
    }
  }
  const int64_t dropped =
      converts() && contract_.conventions.observations == ObservationTime::kAfterAction;
  info.steps = stored - dropped;
  const std::filesystem::path bddl =
      TextOr(group, "bddl_file_name", TextOr(data_, "bddl_file_name", ""));
  info.task_name = TextOr(group, "task_name", bddl.stem().string());
  info.suite = TextOr(group, "suite", bddl.parent_path().filename().string());
  info.instruction =
      InstructionOf(TextOr(group, "problem_info", TextOr(data_, "problem_info", "{}")));
  info.success = !group.HasAttribute("success") || group.IntegerAttribute("success") != 0;
  if (group.HasAttribute("wait_steps")) info.wait_steps = group.IntegerAttribute("wait_steps");
  if (group.HasAttribute("reset_state")) info.reset_state = group.NumbersAttribute("reset_state");
  demos_.push_back(std::move(info));
  groups_.push_back(std::move(group));
}

void Hdf5Reader::RequireTotals() const {
  const auto require = [&](const char* name, int64_t found) {
    if (!data_.HasAttribute(name)) {
      if (ours_) throw Error(file_.string() + " has no attribute " + name, "it is damaged");
      return;
    }
    const int64_t said = data_.IntegerAttribute(name);
    if (said == found) return;
    throw Error(
        fmt::format("{}: {} is {}, but the file holds {}", file_.string(), name, said, found),
        "demonstrations are missing; collect or copy it again");
  };
  int64_t total = 0;
  for (const Hdf5Group& group : groups_) total += group.IntegerAttribute("num_samples");
  require("num_demos", static_cast<int64_t>(demos_.size()));
  require("total", total);
}

int64_t Hdf5Reader::ActionOffset() const {
  return converts() && contract_.conventions.observations == ObservationTime::kAfterAction;
}

std::vector<Action> Hdf5Reader::ActionRows(size_t demo, const char* key, int64_t first,
                                           int64_t count) const {
  const std::vector<double> values = groups_.at(demo).Numbers(key, first + ActionOffset(), count);
  std::vector<Action> actions(count);
  for (size_t i = 0; i < values.size(); ++i) actions[i / 7][i % 7] = values[i];
  return actions;
}

std::vector<Action> Hdf5Reader::Actions(size_t demo, int64_t first, int64_t count) const {
  return ActionRows(demo, "actions", first, count);
}

std::vector<Action> Hdf5Reader::Labels(size_t demo, int64_t first, int64_t count) const {
  return ActionRows(demo, contract_.action_noise > 0 ? kExpertActions : "actions", first, count);
}

int64_t Hdf5Reader::FirstExpertStep(size_t demo) const {
  if (contract_.taken_over_from.empty()) return 0;
  const int64_t steps = demos_.at(demo).steps;
  const std::vector<double> acts = groups_.at(demo).Numbers(kExpertActs, ActionOffset(), steps);
  const auto last_other = std::find(acts.rbegin(), acts.rend(), 0.0);
  return acts.rend() - last_other;
}

std::vector<double> Hdf5Reader::States(size_t demo, int64_t first, int64_t count) const {
  return groups_.at(demo).Numbers("states", first + ActionOffset(), count);
}

std::vector<double> Hdf5Reader::Numbers(size_t demo, const std::string& key, int64_t first,
                                        int64_t count) const {
  return groups_.at(demo).Numbers(key, first, count);
}

std::vector<Image> Hdf5Reader::Frames(size_t demo, const std::string& camera, int64_t first,
                                      int64_t count) const {
  const int size = contract_.image_size;
  const std::vector<uint8_t> bytes =
      groups_.at(demo).Bytes("obs/" + ImageKey(camera), first, count);
  const size_t picture = static_cast<size_t>(size) * size * 3, row = static_cast<size_t>(size) * 3;
  const bool turn = converts() && contract_.conventions.rows == ImageRows::kBottomFirst;
  std::vector<Image> frames(count, Image{size, size, {}});
  for (int64_t i = 0; i < count; ++i) {
    const auto begin = bytes.begin() + i * picture;
    frames[i].pixels.assign(begin, begin + picture);
    if (!turn) continue;
    for (int y = 0; y < size; ++y) {
      std::copy_n(begin + (size - 1 - y) * row, row, frames[i].pixels.begin() + y * row);
    }
  }
  return frames;
}

int64_t Hdf5Reader::Width(size_t demo, const std::string& key) const {
  const Hdf5Array array = groups_.at(demo).Array(key);
  int64_t width = 1;
  for (size_t i = 1; i < array.shape.size(); ++i) width *= array.shape[i];
  return width;
}

bool Hdf5Reader::Has(size_t demo, const std::string& key) const {
  if (!key.starts_with("obs/")) return groups_.at(demo).Has(key);
  return groups_.at(demo).Has("obs") && groups_.at(demo).Group("obs").Has(key.substr(4));
}

std::string Hdf5Reader::ModelFile(size_t demo) const {
  return groups_.at(demo).TextAttribute("model_file");
}

std::string Hdf5Reader::Attribute(size_t demo, const std::string& name) const {
  return TextOr(groups_.at(demo), name, TextOr(data_, name, ""));
}

}  // namespace vega
