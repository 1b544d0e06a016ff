// Merges arena, robot, objects and fixtures, as robosuite's models/tasks/task.py does.

#include "tasks/scene/scene_composer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <sstream>

#include "sim/base/error.h"
#include "tasks/bddl/bddl_tree.h"
#include "tasks/scene/arenas.h"
#include "tasks/scene/mjcf.h"
#include "tasks/scene/object_mjcf.h"
#include "tasks/scene/panda_mjcf.h"

namespace vega {
namespace {

constexpr double kTimestep = 0.002;  // s, robosuite's macros.SIMULATION_TIMESTEP

void MergeModel(pugi::xml_node world, pugi::xml_node model) {
  for (const char* section : {"worldbody", "actuator", "sensor", "tendon", "equality", "contact"}) {
    if (!model.child(section)) continue;
    pugi::xml_node target = world.child(section);
    if (!target) target = world.append_child(section);
    AppendChildren(target, model.child(section));
  }
  MergeAssets(world.child("asset"), model.child("asset"));
}

class Composer {
 public:
  Composer(const BddlProblem& problem, const DataPaths& data)
      : problem_(problem), data_(data), arena_(FindArenaOf(problem)) {}

  ComposedScene Compose() {
    scene_.arena = &arena_.spec;
    document_ = LoadMjcf(data_.robosuite / "base.xml");
    const pugi::xml_node world = document_.child("mujoco");
    SetNumbers(world.child("option"), "timestep", std::array{kTimestep});
    MergeModel(world, BuildArena(arena_, problem_, data_.assets, scene_.sites).child("mujoco"));
    MergeModel(world,
               BuildPanda(arena_.mounted, arena_.robot_base, data_.robosuite).child("mujoco"));
    for (const BddlInstance& instance : problem_.objects) AddInstance(instance, false);
    for (const BddlInstance& instance : problem_.fixtures) {
      if (instance.category != arena_.spec.workspace) AddInstance(instance, true);
    }
    FindRegionSites();
    CheckPredicates();
    std::ostringstream text;
    document_.save(text, " ");
    scene_.mjcf = text.str();
    return std::move(scene_);
  }

 private:
  static const Arena& FindArenaOf(const BddlProblem& problem) {
    try {
      return FindArenaDetails(problem.problem_name);
    } catch (const Error& error) {
      throw Error(fmt::format("{}: {}", problem.source, error.what()));
    }
  }

  void AddInstance(const BddlInstance& instance, bool fixture) {
    try {
      ObjectModel model =
          BuildObject(instance, FindCategory(instance.category), fixture, data_.assets);
      const pugi::xml_node world = document_.child("mujoco");
      MergeAssets(world.child("asset"), model.document.child("mujoco").child("asset"));
      world.child("worldbody").append_copy(model.body);
      scene_.objects.push_back(std::move(model.object));
      object_sites_.insert(object_sites_.end(), model.sites.begin(), model.sites.end());
    } catch (const Error& error) {
      FailAt(problem_.source, instance.line, instance.column,
             fmt::format("{}: {}", instance.name, error.what()));
    }
  }

  // a region of an object or fixture is the last of the sites that bear its name
  void FindRegionSites() {
    for (const BddlRegion& region : problem_.regions) {
      const std::string name = region.full_name();
      if (HasSite(name)) continue;
      const auto site = std::find_if(object_sites_.rbegin(), object_sites_.rend(),
                                     [&](const SceneSite& s) { return s.name == name; });
      if (site != object_sites_.rend()) scene_.sites.push_back(*site);
    }
  }

  bool HasSite(const std::string& name) const {
    return std::any_of(scene_.sites.begin(), scene_.sites.end(),
                       [&](const SceneSite& site) { return site.name == name; });
  }

  bool HasObject(const std::string& name) const {
    return std::any_of(scene_.objects.begin(), scene_.objects.end(),
                       [&](const SceneObject& object) { return object.name == name; });
  }

  // every name in a predicate is an object, or a region that the scene has a site for
  void CheckPredicates() const {
    for (const auto* predicates : {&problem_.init, &problem_.goal}) {
      for (const BddlPredicate& predicate : *predicates) {
        for (const std::string& name : predicate.args) {
          if (HasObject(name) || HasSite(name)) continue;
          FailAt(problem_.source, predicate.line, predicate.column,
                 fmt::format("\"{}\" is neither an object nor a site of the scene", name));
        }
      }
    }
  }

  const BddlProblem& problem_;
  const DataPaths& data_;
  const Arena& arena_;
  pugi::xml_document document_;
  std::vector<SceneSite> object_sites_;
  ComposedScene scene_;
};

}  // namespace

ComposedScene ComposeScene(const BddlProblem& problem, const DataPaths& data) {
  return Composer(problem, data).Compose();
}

}  // namespace vega
