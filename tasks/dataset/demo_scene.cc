#include "tasks/dataset/demo_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "tasks/dataset/fixture_poses.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

// index of a task in a suite; -1 when it has none of that name
int IndexIn(const Suite& suite, const std::string& task) {
  for (size_t i = 0; i < suite.tasks.size(); ++i) {
    if (suite.tasks[i].name == task) return static_cast<int>(i);
  }
  return -1;
}

std::shared_ptr<const Task> FindAnywhere(const DemoInfo& demo) {
  std::vector<std::string> names = SuiteNames();
  // the suite the file names comes first
  std::stable_partition(names.begin(), names.end(),
                        [&](const std::string& name) { return name == demo.suite; });
  // a folder of problems, such as generated ones, is named by its path
  if (std::filesystem::is_directory(demo.suite)) names.insert(names.begin(), demo.suite);
  for (const std::string& name : names) {
    const Suite suite = LoadSuite(name);
    if (const int index = IndexIn(suite, demo.task_name); index >= 0) return LoadTask(suite, index);
  }
  throw Error(fmt::format("{} is of task \"{}\", which no suite has", demo.name, demo.task_name),
              "check the attribute bddl_file_name; of generated problems, run where their folder "
              "lies as it did when they were collected");
}

}  // namespace

DemoTaskSource LiberoDemoTasks() {
  auto last = std::make_shared<std::pair<std::string, std::shared_ptr<const Task>>>();
  return [last](const DemoInfo& demo) {
    const std::string key = demo.suite + "/" + demo.task_name;
    if (last->first != key) *last = {key, FindAnywhere(demo)};
    return last->second;
  };
}

DemoScene::DemoScene(const Hdf5Reader& reader, size_t demo, const DemoTaskSource& tasks,
                     Renderer* renderer)
    : steps_(reader.demos()[demo].steps), width_(reader.Width(demo, "states")) {
  const std::shared_ptr<const Task> task = tasks(reader.demos()[demo]);
  const mjModel& model = *task->model();
  const std::string where = reader.Group(demo).where();
  if (width_ != 1 + model.nq + model.nv) {
    throw Error(fmt::format("{}/states has {} columns, but the task's model needs {}", where,
                            width_, 1 + model.nq + model.nv),
                "the file belongs to another task than it says");
  }
  states_ = reader.States(demo, 0, steps_);
  placement_.poses = FixturePoses(reader.ModelFile(demo), model, where);
  EnvironmentOptions options;
  if (renderer != nullptr) {
    options.cameras = reader.contract().cameras;
    options.image_size = reader.contract().image_size;
  }
  environment_ = std::make_unique<Environment>(task, options, renderer);
  environment_->Reset(placement_, {});
}

std::span<const double> DemoScene::State(int64_t t) const {
  return std::span(states_).subspan(t * width_, width_);
}

void DemoScene::Reset(std::span<const double> state) {
  const Scene& scene = environment_->scene();
  const mjModel& model = scene.model();
  if (state.size() != static_cast<size_t>(width_)) {
    throw Error(fmt::format("a reset_state of {} numbers for a task of {}", state.size(), width_),
                "the file is damaged");
  }
  const auto robots = [&](int address) {
    const PandaIndices& robot = scene.robot();
    return std::count(robot.qpos.begin(), robot.qpos.end(), address) +
               std::count(robot.finger_qpos.begin(), robot.finger_qpos.end(), address) >
           0;
  };
  ResetPlacement placement = placement_;
  const std::span<const double> qpos = state.subspan(1, model.nq);
  for (int j = 0; j < model.njnt; ++j) {
    const int address = model.jnt_qposadr[j];
    if (model.jnt_type[j] == mjJNT_FREE) {
      ResetPlacement::Pose pose{.qposadr = address};
      std::copy_n(qpos.begin() + address, 3, pose.pos);
      std::copy_n(qpos.begin() + address + 3, 4, pose.quat);
      placement.poses.push_back(pose);
    } else if (!robots(address)) {
      placement.joints.push_back({address, qpos[address]});
    }
  }
  environment_->Reset(placement, state);
}

void DemoScene::Show(int64_t t) {
  environment_->scene().SetState(State(t));
  environment_->task().PostProcess(environment_->scene());
}

std::vector<Proprio> DemoScene::Truth() {
  std::vector<Proprio> truth;
  for (int64_t t = 0; t < steps_; ++t) {
    environment_->scene().SetState(State(t));
    truth.push_back(environment_->scene().proprio());
  }
  return truth;
}

}  // namespace vega
