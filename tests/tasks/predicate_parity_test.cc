// fixtures/predicates were recorded from Python LIBERO by tools/record_predicates.py: for each case
// 5000 values of one joint, placed on both sides of every threshold, and the truth of one
// predicate.

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "sim/base/paths.h"
#include "sim/base/safetensors.h"
#include "sim/scene.h"
#include "tasks/goal/predicates.h"
#include "tasks/suite/libero_task.h"

namespace vega {
namespace {

// "on a b"
BddlPredicate FromText(const std::string& text) {
  std::istringstream words(text);
  BddlPredicate predicate;
  words >> predicate.name;
  for (std::string arg; words >> arg;) predicate.args.push_back(arg);
  return predicate;
}

// A task's first reset with seed 0, and one predicate over it.
class Case {
 public:
  explicit Case(const SafetensorsFile& file) {
    const Suite suite = LoadSuite(file.metadata().at("suite"));
    const int index = std::stoi(file.metadata().at("task"));
    const BddlProblem problem = LoadBddl(suite.tasks[index].bddl);
    const ComposedScene composed = ComposeScene(problem, Data());
    const auto task = LoadTask(suite, index);
    scene_ = std::make_unique<Scene>(task->model());
    const auto sampler = task->NewResetSampler();
    sampler->Seed(0);
    scene_->BeginReset();
    task->Place(*scene_, sampler->Sample());
    scene_->EndReset();
    predicate_ = MakePredicate(FromText(file.metadata().at("predicate")), problem.source, composed,
                               *task->model());
    const mjModel& model = scene_->model();
    address_ =
        model.jnt_qposadr[mj_name2id(&model, mjOBJ_JOINT, file.metadata().at("joint").c_str())];
  }

  // Puts the joint at `value` and computes what the predicate reads: joints as they are, poses,
  // contacts.
  bool Holds(std::span<const double> value) {
    const mjModel& model = scene_->model();
    mjData& data = scene_->mutable_data();
    std::copy(value.begin(), value.end(), data.qpos + address_);
    if (value.size() > 1) mj_kinematics(&model, &data);
    if (predicate_.text.starts_with("on(")) {
      mj_comPos(&model, &data);
      mj_collision(&model, &data);
    }
    return predicate_.Holds(data);
  }

 private:
  std::unique_ptr<Scene> scene_;
  Predicate predicate_;
  int address_ = -1;
};

TEST_CASE("Predicates judge every recorded state as Python LIBERO does") {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(VEGA_FIXTURES) + "/predicates")) {
    INFO(entry.path().filename().string());
    const SafetensorsFile file = SafetensorsFile::Open(entry.path());
    const std::vector<double> values = file.Values<double>("values");
    const std::vector<uint8_t> truth = file.Values<uint8_t>("truth");
    const size_t width = values.size() / truth.size();
    REQUIRE(truth.size() >= 5000);
    Case one(file);
    int held = 0, wrong = 0;
    for (size_t i = 0; i < truth.size(); ++i) {
      const bool holds = one.Holds(std::span(values).subspan(i * width, width));
      held += holds;
      wrong += holds != truth[i];
    }
    CHECK(wrong == 0);
    // both answers occur often
    CHECK(held > 250);
    CHECK(held < 4750);
    ++files;
  }
  CHECK(files == 14);
}

}  // namespace
}  // namespace vega
