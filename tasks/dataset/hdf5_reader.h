// Reading demonstrations from HDF5 files of ours, of LIBERO and of robomimic's kind: the list of
// episodes, the contract, and random access to numbers and pictures, for trainers and checks.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/image.h"
#include "sim/observation.h"
#include "tasks/dataset/contract.h"
#include "tasks/dataset/hdf5_group.h"

namespace vega {

// What a reader does with a file whose conventions are not ours.
enum class ForeignConventions {
  kRefuse,   // throw, naming the difference
  kConvert,  // turn pictures over and pair each action with the observation before it
  kAsIs,     // hand out rows as they are stored; for checks
};

struct DemoInfo {
  std::string name;       // demo_12
  int64_t steps = 0;      // T, rows as this reader hands them out
  std::string suite;      // empty when the file does not say
  std::string task_name;  // file name of the BDDL without .bddl
  std::string instruction;
  bool success = true;
  int64_t wait_steps = 10;          // no-ops between reset_state and row 0
  std::vector<double> reset_state;  // (D) empty when the file has none
};

class Hdf5Reader {
 public:
  // `declared`: conventions of a file that does not state its own. Throws Error when the file is
  // cut or damaged, is no data set, contradicts itself, or (kRefuse) lays out data in another way.
  static Hdf5Reader Open(const std::filesystem::path& file,
                         ForeignConventions foreign = ForeignConventions::kRefuse,
                         std::optional<DatasetConventions> declared = {});

  const std::filesystem::path& file() const { return file_; }
  // As the file has it; after kConvert what it hands out follows our conventions all the same.
  const DatasetContract& contract() const { return contract_; }
  bool ours() const { return ours_; }  // the file carries a vega_contract
  const std::vector<DemoInfo>& demos() const { return demos_; }

  // Rows [first, first + count) of a demo. Each throws Error when the file lacks or cannot give
  // them.
  std::vector<Action> Actions(size_t demo, int64_t first, int64_t count) const;
  // What to learn: what was meant where that was not what was played, else the actions.
  std::vector<Action> Labels(size_t demo, int64_t first, int64_t count) const;
  // The first row from which on the demonstrator acts to the end: what is to be learnt starts here.
  // 0 of a file without a takeover.
  int64_t FirstExpertStep(size_t demo) const;
  std::vector<double> States(size_t demo, int64_t first, int64_t count) const;  // (count, D)
  // An array beside `actions` or, with "obs/" before its name, one of the observations; of
  // robot_states, as of obs, rows may lie one later.
  std::vector<double> Numbers(size_t demo, const std::string& key, int64_t first,
                              int64_t count) const;
  // Pictures of a camera of the contract.
  std::vector<Image> Frames(size_t demo, const std::string& camera, int64_t first,
                            int64_t count) const;
  // Width D of an array.
  int64_t Width(size_t demo, const std::string& key) const;
  bool Has(size_t demo, const std::string& key) const;
  std::string ModelFile(size_t demo) const;
  const Hdf5Group& Group(size_t demo) const { return groups_.at(demo); }
  // A text a demo says of itself, or of all demos /data; empty where neither does.
  std::string Attribute(size_t demo, const std::string& name) const;

 private:
  Hdf5Reader(std::filesystem::path file, Hdf5Group data, ForeignConventions foreign)
      : file_(std::move(file)), data_(std::move(data)), foreign_(foreign) {}
  void ReadContract(std::optional<DatasetConventions> declared);
  void ReadDemo(const std::string& name);
  void RequireTotals() const;
  std::vector<Action> ActionRows(size_t demo, const char* key, int64_t first, int64_t count) const;
  bool converts() const { return foreign_ == ForeignConventions::kConvert; }
  // rows by which actions and states, or observations, start later than what is handed out
  int64_t ActionOffset() const;

  std::filesystem::path file_;
  Hdf5Group data_;
  ForeignConventions foreign_;
  DatasetContract contract_;
  bool ours_ = false;
  std::vector<DemoInfo> demos_;
  std::vector<Hdf5Group> groups_;  // (demos)
};

}  // namespace vega
