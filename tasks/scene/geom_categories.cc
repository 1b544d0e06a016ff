#include "tasks/scene/geom_categories.h"

#include "sim/robot.h"
#include "tasks/scene/scene_lookup.h"

namespace vega {

std::vector<std::string> GeomCategories(const Task& task) {
  const mjModel& model = *task.model();
  std::vector<std::string> of_root(model.nbody, kBackgroundCategory);
  of_root[model.body_rootid[PandaIndices::Find(model).hand_body]] = kRobotCategory;
  if (const TaskProblem* problem = task.problem()) {
    for (const SceneObject& object : problem->scene.objects) {
      of_root[BodyId(model, object)] = object.category->name;
    }
  }
  std::vector<std::string> categories;
  for (int geom = 0; geom < model.ngeom; ++geom) {
    categories.push_back(of_root[model.body_rootid[model.geom_bodyid[geom]]]);
  }
  return categories;
}

}  // namespace vega
