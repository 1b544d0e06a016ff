// vega dataset: looks at demonstrations in HDF5 files, checks, replays, measures and converts them.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "apps/dataset_pack.h"
#include "apps/modes.h"
#include "apps/training_data.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/side_by_side_renderer.h"
#include "tasks/dataset/hdf5_import.h"
#include "tasks/dataset/lerobot_export.h"
#include "tasks/dataset/replay_check.h"
#include "tasks/dataset/statistics.h"
#include "tasks/dataset/validator.h"
#include "tasks/training/pack_folder.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct DatasetFlags {
  std::string file;
  bool json = false;
  std::string images, observations;  // declared conventions; empty: the file's own word
  bool no_pictures = false;
  int pictures = 4;
  int picture_demos = 3;
  std::string by;
  std::string demos;  // empty: all
  double tolerance = 0.01;
  std::string out;
  std::string to;
  bool no_check = false;
  int crf = 18;
  int compression = 1;
  std::vector<std::string> only;
  int workers = 0;
};

std::optional<DatasetConventions> Declared(const DatasetFlags& flags) {
  if (flags.images.empty() && flags.observations.empty()) return {};
  if (flags.images.empty() || flags.observations.empty()) {
    throw Error("--images and --observations declare a file together", "give both");
  }
  return DatasetConventions{flags.images == "top" ? ImageRows::kTopFirst : ImageRows::kBottomFirst,
                            flags.observations == "before" ? ObservationTime::kBeforeAction
                                                           : ObservationTime::kAfterAction};
}

Hdf5Reader OpenAsIs(const DatasetFlags& flags) {
  return Hdf5Reader::Open(flags.file, ForeignConventions::kAsIs, Declared(flags));
}

// a line that changes on a terminal, nothing elsewhere
std::function<void(size_t, size_t)> Progress(const char* what) {
  if (!isatty(2)) return {};
  return [what](size_t done, size_t all) {
    fmt::print(stderr, "\r\033[K{} {} of {}{}", what, done, all, done == all ? "\n" : "");
    std::fflush(stderr);
  };
}

// "0,3-5" to indices of demonstrations, ascending
std::vector<size_t> ChooseDemos(const std::string& text, size_t count) {
  std::vector<bool> chosen(count, text.empty());
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    size_t first = 0, last = 0;
    const char* end = part.data() + part.size();
    auto parsed = std::from_chars(part.data(), end, first);
    last = first;
    if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '-') {
      parsed = std::from_chars(parsed.ptr + 1, end, last);
    }
    if (parsed.ec != std::errc() || parsed.ptr != end || first > last || last >= count) {
      throw Error(fmt::format("--demos: no demonstrations \"{}\"", part),
                  fmt::format("give indices or ranges within 0 to {}, e.g. 0,3-5", count - 1));
    }
    std::fill(chosen.begin() + first, chosen.begin() + last + 1, true);
  }
  std::vector<size_t> indices;
  for (size_t i = 0; i < count; ++i) {
    if (chosen[i]) indices.push_back(i);
  }
  return indices;
}

struct TaskCount {
  std::string instruction;
  int64_t demos = 0, successes = 0, steps = 0, shortest = 0, longest = 0;
};

int Info(const DatasetFlags& flags) {
  if (IsPack(flags.file)) return PrintPack(flags.file, flags.json);
  const Hdf5Reader reader = OpenAsIs(flags);
  std::map<std::pair<std::string, std::string>, TaskCount> tasks;
  int64_t total = 0;
  for (const DemoInfo& demo : reader.demos()) {
    TaskCount& task = tasks[{demo.suite, demo.task_name}];
    task.instruction = demo.instruction;
    task.shortest = task.demos == 0 ? demo.steps : std::min(task.shortest, demo.steps);
    task.longest = std::max(task.longest, demo.steps);
    ++task.demos;
    task.successes += demo.success;
    task.steps += demo.steps;
    total += demo.steps;
  }
  Json json = {{"file", flags.file},
               {"bytes", fs::file_size(flags.file)},
               {"demos", reader.demos().size()},
               {"steps", total},
               {"written_by_vega", reader.ours()},
               {"contract", ToJson(reader.contract())},
               {"tasks", Json::array()}};
  if (const std::string how = reader.Attribute(0, "vega_collection"); !how.empty()) {
    json["collection"] = Json::parse(how, nullptr, false);
  }
  for (const auto& [name, task] : tasks) {
    json["tasks"].push_back({{"suite", name.first},
                             {"task", name.second},
                             {"instruction", task.instruction},
                             {"demos", task.demos},
                             {"successes", task.successes},
                             {"steps", task.steps},
                             {"shortest", task.shortest},
                             {"longest", task.longest}});
  }
  if (flags.json) {
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  const DatasetContract& contract = reader.contract();
  fmt::print("{}: {} demonstrations, {} steps, {:.1f} MB\n", flags.file, reader.demos().size(),
             total, static_cast<double>(fs::file_size(flags.file)) / 1e6);
  fmt::print("  {}{}\n", Describe(contract.conventions),
             reader.ours() ? "" : " (LIBERO's own layout, or as declared)");
  const std::string pictures =
      contract.cameras.empty()
          ? "no pictures"
          : fmt::format("cameras {} at {} px, {} pictures", fmt::join(contract.cameras, ", "),
                        contract.image_size,
                        contract.render_quality ? Name(*contract.render_quality) : "unknown");
  fmt::print("  {}; {} Hz; no-ops {}; {}; by {}\n", pictures, contract.control_hz,
             contract.filters_noops ? "filtered" : "kept",
             contract.successes_only ? "successes" : "all outcomes", contract.collected_by);
  if (contract.action_noise > 0) {
    fmt::print("  actions disturbed by {}; what was meant: {}\n", contract.action_noise,
               kExpertActions);
  }
  if (!contract.taken_over_from.empty()) {
    fmt::print("  taken over from {}: {} is 1 from there on\n", contract.taken_over_from,
               kExpertActs);
  }
  fmt::print("{:>6} {:>8} {:>8} {:>11}  task\n", "demos", "success", "steps", "length");
  for (const auto& [name, task] : tasks) {
    fmt::print("{:>6} {:>8} {:>8} {:>5}-{:<5}  {}: {}\n", task.demos, task.successes, task.steps,
               task.shortest, task.longest, name.first, task.instruction);
  }
  return 0;
}

std::vector<Finding> FindFaults(const Hdf5Reader& reader, const DatasetFlags& flags) {
  std::unique_ptr<Renderer> renderer;
  if (!flags.no_pictures && !reader.contract().cameras.empty()) {
    renderer = MakeRenderer(
        {.quality = reader.contract().render_quality.value_or(RenderQuality::kExact)}, 1);
  }
  return Validate(reader, LiberoDemoTasks(), renderer.get(),
                  {.picture_demos = flags.picture_demos,
                   .pictures = flags.pictures,
                   .progress = Progress("checked")});
}

int ValidateFile(const DatasetFlags& flags) {
  if (IsPack(flags.file)) return ValidatePack(flags.file, flags.json);
  const Hdf5Reader reader = OpenAsIs(flags);
  const std::vector<Finding> findings = FindFaults(reader, flags);
  if (flags.json) {
    Json json = {
        {"file", flags.file}, {"demos", reader.demos().size()}, {"findings", Json::array()}};
    for (const Finding& f : findings) {
      json["findings"].push_back({{"check", f.check}, {"demo", f.demo}, {"what", f.what}});
    }
    fmt::print("{}\n", json.dump(2));
  } else {
    for (const Finding& f : findings) fmt::print("{:<13} {:<9} {}\n", f.check, f.demo, f.what);
  }
  if (findings.empty()) {
    if (!flags.json)
      fmt::print("{}: {} demonstrations, nothing wrong found\n", flags.file, reader.demos().size());
    return 0;
  }
  fmt::print(stderr, "vega dataset: {}: {} faults found, the first: {} in {}: {}\n", flags.file,
             findings.size(), findings[0].check, findings[0].demo, findings[0].what);
  return 1;
}

int Replay(const DatasetFlags& flags) {
  const Hdf5Reader reader = OpenAsIs(flags);
  const DemoTaskSource tasks = LiberoDemoTasks();
  const bool by_action = flags.by == "action";
  int beyond = 0, checked = 0;
  Json rows = Json::array();
  if (!flags.json) {
    fmt::print("{:<10} {:>6} {:>22} {:>10} {:>8}\n", "demo", "steps", "first unequal, size",
               "largest", "success");
  }
  for (const size_t i : ChooseDemos(flags.demos, reader.demos().size())) {
    const ReplayCheck check = by_action ? ReplayByAction(reader, i, tasks, flags.tolerance)
                                        : ReplayByState(reader, i, tasks, flags.tolerance);
    ++checked;
    beyond += check.first_beyond >= 0;
    rows.push_back({{"demo", check.demo},
                    {"steps", check.steps},
                    {"first_unequal", check.first_unequal},
                    {"first_size", check.first_size},
                    {"first_beyond_tolerance", check.first_beyond},
                    {"beyond_size", check.beyond_size},
                    {"largest", check.largest},
                    {"success", check.success}});
    if (flags.json) continue;
    const std::string first =
        check.first_unequal < 0 ? "none"
                                : fmt::format("{}, {:.3g}", check.first_unequal, check.first_size);
    fmt::print("{:<10} {:>6} {:>22} {:>10.3g} {:>8}\n", check.demo, check.steps, first,
               check.largest, check.success ? "yes" : "no");
    if (check.first_beyond >= 0) {
      fmt::print("           step {} is {:.3g} away in {}, more than {}\n", check.first_beyond,
                 check.beyond_size, check.beyond_what, flags.tolerance);
    }
  }
  if (flags.json) {
    fmt::print("{}\n",
               Json{{"by", flags.by}, {"tolerance", flags.tolerance}, {"demos", rows}}.dump(2));
  }
  if (beyond == 0) return 0;
  fmt::print(stderr, "vega dataset: {} of {} demonstrations diverge by more than {}\n", beyond,
             checked, flags.tolerance);
  return 1;
}

int Stats(const DatasetFlags& flags) {
  const Hdf5Reader reader = OpenAsIs(flags);
  const std::string text =
      DatasetStatistics(reader, fs::path(flags.file).stem().string()).dump(2) + "\n";
  if (flags.out.empty()) {
    fmt::print("{}", text);
    return 0;
  }
  AtomicFile file(flags.out);
  file.Write(text);
  file.Commit();
  return 0;
}

int Convert(const DatasetFlags& flags) {
  const Hdf5Reader stored = OpenAsIs(flags);
  const bool foreign = stored.contract().conventions != DatasetConventions{};
  if (foreign && !flags.no_check) {
    const std::vector<Finding> findings = FindFaults(stored, flags);
    if (!findings.empty()) {
      throw Error(fmt::format("{} is not as it says ({}): {} in {}: {}", flags.file,
                              Describe(stored.contract().conventions), findings[0].check,
                              findings[0].demo, findings[0].what),
                  "declare it with --images and --observations, or convert with --no-check");
    }
  }
  const Hdf5Reader reader =
      Hdf5Reader::Open(flags.file, ForeignConventions::kConvert, Declared(flags));
  if (foreign) {
    fmt::print(stderr, "note: there {}; here {}\n", Describe(reader.contract().conventions),
               Describe(DatasetConventions{}));
  }
  if (flags.to == "hdf5") {
    ImportHdf5(reader, flags.out, flags.compression, Progress("converted"));
  } else {
    ExportLerobot(reader, flags.out, {.video_crf = flags.crf, .progress = Progress("converted")});
  }
  fmt::print("{}: {} demonstrations\n", flags.out, reader.demos().size());
  return 0;
}

CLI::App* Verb(CLI::App& mode, DatasetFlags& flags, const char* name, const char* description) {
  CLI::App* verb = mode.add_subcommand(name, description);
  verb->add_option("file", flags.file,
                   "HDF5 data set of vega, LIBERO or robomimic; for info and validate also a pack")
      ->required();
  verb->add_option("--images", flags.images, "where row 0 is, of a file that does not say")
      ->check(CLI::IsMember({"top", "bottom"}));
  verb->add_option("--observations", flags.observations,
                   "on which side of the action they are, of a file that does not say")
      ->check(CLI::IsMember({"before", "after"}));
  return verb;
}

}  // namespace

std::function<int()> AddDataset(CLI::App& mode) {
  auto o = std::make_shared<DatasetFlags>();
  mode.require_subcommand(1);
  CLI::App* info = Verb(mode, *o, "info", "What a file holds and what its numbers mean.");
  info->add_flag("--json", o->json, "as JSON");

  CLI::App* validate =
      Verb(mode, *o, "validate", "Compare a file's numbers and pictures with its own states.");
  validate->add_flag("--json", o->json, "as JSON");
  validate->add_flag("--no-pictures", o->no_pictures, "draw nothing");
  validate
      ->add_option("--picture-demos", o->picture_demos,
                   "demonstrations whose pictures are drawn again")
      ->check(CLI::Range(0, 1000000));
  validate->add_option("--pictures", o->pictures, "pictures of each camera of such a demonstration")
      ->check(CLI::Range(1, 1000));

  CLI::App* replay =
      Verb(mode, *o, "replay", "Play demonstrations again and report where they diverge.");
  replay->add_option("--by", o->by, "state: set each one; action: simulate")
      ->required()
      ->check(CLI::IsMember({"state", "action"}));
  replay->add_option("--demos", o->demos, "indices or ranges, e.g. 0,3-5; default all");
  replay
      ->add_option("--tolerance", o->tolerance,
                   "by state: m and rad; by action: norm of the state's difference")
      ->check(CLI::NonNegativeNumber);
  replay->add_flag("--json", o->json, "as JSON");

  CLI::App* stats = Verb(mode, *o, "stats", "Statistics of actions and proprioception, as JSON.");
  stats->add_option("--out", o->out, "file to write; default stdout");

  CLI::App* convert = Verb(mode, *o, "convert",
                           "Write a LeRobot data set, or LIBERO's files in vega's conventions.");
  convert->add_option("--to", o->to, "lerobot = LeRobot v3.0 folder, hdf5 = HDF5 file")
      ->required()
      ->check(CLI::IsMember({"lerobot", "hdf5"}));
  convert->add_option("--out", o->out, "folder or file to write")->required();
  convert->add_flag("--no-check", o->no_check, "believe what a foreign file says of itself");
  convert->add_option("--crf", o->crf, "lerobot: video quality, 0 = lossless, 51 = worst")
      ->check(CLI::Range(0, 51));
  convert->add_option("--compression", o->compression, "hdf5: zlib level of pictures")
      ->check(CLI::Range(0, 9));

  CLI::App* pack = mode.add_subcommand(
      "pack", "Draw and label the frames that training will see, from demonstrations' states.");
  const std::function<int()> run_pack = AddPackFlags(*pack);

  CLI::App* make = mode.add_subcommand(
      "make", "Collect and pack what a list of packs asks for, see docs/DATASETS.md.");
  make->add_option("list", o->file, "JSON file: a list of packs, or an object with one as \"data\"")
      ->required();
  make->add_option("--out", o->out, "folder of the packs; demonstrations go to its demos/")
      ->required();
  make->add_option("--only", o->only, "names of packs; default all of the list")->delimiter(',');
  make->add_option("--workers", o->workers, "threads; 0 = one a core")->check(CLI::Range(0, 1024));

  return [=] {
    if (pack->parsed()) return run_pack();
    if (make->parsed()) {
      return MakeFromList(o->file, {.folder = o->out, .only = o->only, .workers = o->workers});
    }
    if (info->parsed()) return Info(*o);
    if (validate->parsed()) return ValidateFile(*o);
    if (replay->parsed()) return Replay(*o);
    if (stats->parsed()) return Stats(*o);
    return Convert(*o);
  };
}

}  // namespace vega
