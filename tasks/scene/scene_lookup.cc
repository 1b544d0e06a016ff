#include "tasks/scene/scene_lookup.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace vega {
namespace {

template <typename T>
const T* FindNamed(const std::vector<T>& items, const std::string& name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const T& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

int FindId(const mjModel& model, mjtObj type, const char* kind, const std::string& name) {
  const int id = mj_name2id(&model, type, name.c_str());
  if (id < 0) {
    throw Error(fmt::format("the compiled scene has no {} named {}", kind, name),
                "the asset's MJCF file does not fit its category");
  }
  return id;
}

}  // namespace

const SceneObject* FindObject(const ComposedScene& scene, const std::string& name) {
  return FindNamed(scene.objects, name);
}

const SceneSite* FindSite(const ComposedScene& scene, const std::string& name) {
  return FindNamed(scene.sites, name);
}

int BodyId(const mjModel& model, const SceneObject& object) {
  return FindId(model, mjOBJ_BODY, "body", object.name + "_main");
}

int GeomId(const mjModel& model, const std::string& name) {
  return FindId(model, mjOBJ_GEOM, "geom", name);
}

int SiteId(const mjModel& model, const std::string& name) {
  return FindId(model, mjOBJ_SITE, "site", name);
}

int QposAddress(const mjModel& model, const std::string& joint) {
  return model.jnt_qposadr[FindId(model, mjOBJ_JOINT, "joint", joint)];
}

void ThrowAt(const std::string& source, const BddlPredicate& predicate, const std::string& what,
             const std::string& hint) {
  throw Error(fmt::format("{}:{}:{}: {}", source, predicate.line, predicate.column, what), hint);
}

}  // namespace vega
