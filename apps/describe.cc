// vega describe: a task's compiled model as text.

#include "tasks/scene/describe.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "apps/modes.h"
#include "tasks/bddl/bddl.h"
#include "tasks/environment.h"
#include "tasks/scene/scene_composer.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

struct DescribeOptions {
  std::string suite, task, out;
};

int Describe(const DescribeOptions& options) {
  const Suite suite = LoadSuite(options.suite);
  const int index = FindTask(suite, options.task);
  const std::shared_ptr<const Task> task = LoadTask(suite, index);
  // fixtures stand where the first reset with seed 0 puts them
  const std::unique_ptr<ResetSampler> sampler = task->NewResetSampler();
  sampler->Seed(0);
  Environment environment(task, {}, nullptr);
  environment.Reset(sampler->Sample(), {});
  const mjModel& model = environment.scene().model();
  WriteDescription(task->info(), ComposeScene(LoadBddl(suite.tasks[index].bddl), Data()).mjcf,
                   model, options.out);
  fmt::print("{}: {} bodies, {} geoms, nq {}, nv {}\n", options.out, model.nbody, model.ngeom,
             model.nq, model.nv);
  return 0;
}

}  // namespace

std::function<int()> AddDescribe(CLI::App& mode) {
  auto o = std::make_shared<DescribeOptions>();
  mode.add_option("--suite", o->suite, "suite name, see vega suites")->required();
  mode.add_option("--task", o->task, "task index or name")->required();
  mode.add_option("--out", o->out, "folder for scene.xml and model.json")->required();
  return [o] { return Describe(*o); };
}

}  // namespace vega
