// Sorts :init into property and placement draws.

#include "tasks/reset/reset_plan.h"

#include <algorithm>
#include <map>
#include <string>

#include "sim/base/error.h"
#include "tasks/bddl/problem_parts.h"
#include "tasks/scene/scene_lookup.h"

namespace vega {
namespace {

class Planner {
 public:
  Planner(const BddlProblem& problem, const ComposedScene& scene, const mjModel& model)
      : problem_(problem), scene_(scene), model_(model) {}

  ResetPlan Plan() {
    plan_.workspace_offset = scene_.arena->workspace_offset;
    plan_.fixture_z_offset = scene_.arena->fixture_z_offset;
    std::vector<const BddlPredicate*> on_sites, in_sites, on_objects;
    for (const BddlPredicate& state : problem_.init) {
      if (state.args.size() == 1) {
        AddProperty(state);
      } else if (state.name == "on" && FindObject(scene_, state.args[1])) {
        on_objects.push_back(&state);
      } else if (state.name == "in") {
        in_sites.push_back(&state);
      } else if (state.name == "on" && IsWorkspaceRegion(state.args[1])) {
        AddOnWorkspace(state);
      } else if (state.name == "on") {
        on_sites.push_back(&state);
      }
    }
    for (const BddlPredicate* state : on_sites) AddAtSite(*state, SpotKind::kOnSite);
    for (const BddlPredicate* state : in_sites) AddAtSite(*state, SpotKind::kInSite);
    for (const BddlPredicate* state : on_objects) AddOnObject(*state);
    return std::move(plan_);
  }

 private:
  // Open, Close, TurnOn, TurnOff of an instance or of the part a region belongs to
  void AddProperty(const BddlPredicate& state) {
    const std::string& name = state.args[0];
    const SceneObject* object = FindObject(scene_, name);
    const SceneSite* site = object ? nullptr : FindSite(scene_, name);
    if (site) object = FindObject(scene_, site->parent);
    if (!object || !object->category->articulation) {
      Fail(state, name + " has no joint that could be set", "name a drawer, door or knob");
    }
    const Articulation& joint = *object->category->articulation;
    const auto& range = state.name == "open"     ? joint.open_range
                        : state.name == "close"  ? joint.close_range
                        : state.name == "turnon" ? joint.turn_on_range
                                                 : joint.turn_off_range;
    if (!range)
      Fail(state, "category " + object->category->name + " does not define " + state.name,
           "its joints cannot be set so");
    PropertyDraw draw{.lo = range->first, .hi = range->second};
    for (const std::string& part : site ? site->joints : object->joints) {
      draw.qposadr.push_back(QposAddress(model_, part));
    }
    plan_.properties.push_back(std::move(draw));
  }

  void AddOnWorkspace(const BddlPredicate& state) {
    const SceneObject& object = Placed(state);
    const BddlRegion& region = *FindRegion(problem_, state.args[1]);
    if (region.ranges.empty())
      Fail(state, "region " + state.args[1] + " has no :ranges", "give it one rectangle");
    SpotDraw spot = NewSpot(object);
    spot.ranges = region.ranges;
    if (object.fixture) {
      spot.kind = SpotKind::kFixtureOnWorkspace;
      spot.rotations = {{'z', region.yaw_rotation[0], region.yaw_rotation[1]}};
      spot.rotation_is_dict = false;
    } else {
      spot.kind = SpotKind::kObjectOnWorkspace;
      if (scene_.arena->boundary_shrink) Shrink(spot);
    }
    Add(state, object, std::move(spot));
  }

  void AddAtSite(const BddlPredicate& state, SpotKind kind) {
    const SceneObject& object = Movable(state);
    const SceneSite* site = FindSite(scene_, state.args[1]);
    if (!site || site->parent.empty()) {
      Fail(state, state.args[1] + " is no region of an object or fixture",
           "name a region with that :target");
    }
    SpotDraw spot = NewSpot(object);
    spot.kind = kind;
    spot.reference = Reference(state, site->parent);
    spot.site = SiteId(model_, site->name);
    spot.ranges = {{0, 0, 0, 0}};
    if (kind == SpotKind::kOnSite) {
      // half of the half-size: LIBERO's own bounds
      const double x = site->half_size[0] / 2, y = site->half_size[1] / 2;
      spot.ranges = {{-x, -y, x, y}};
      Shrink(spot);
    }
    Add(state, object, std::move(spot));
  }

  void AddOnObject(const BddlPredicate& state) {
    const SceneObject& object = Movable(state);
    SpotDraw spot = NewSpot(object);
    spot.kind = SpotKind::kOnObject;
    spot.reference = Reference(state, state.args[1]);
    spot.ranges = {{0, 0, 0, 0}};
    Add(state, object, std::move(spot));
  }

  SpotDraw NewSpot(const SceneObject& object) const {
    SpotDraw spot;
    spot.in_goal = InGoal(object);
    spot.bottom_z = object.bottom_z;
    spot.top_z = object.top_z;
    spot.radius = object.horizontal_radius;
    spot.rotations = object.category->rotations;
    spot.rotation_is_dict = object.category->rotation_is_dict;
    if (object.fixture) {
      spot.body = BodyId(model_, object);
    } else {
      spot.qposadr = QposAddress(model_, object.name + "_joint0");
    }
    return spot;
  }

  bool InGoal(const SceneObject& object) const {
    for (const BddlPredicate& term : problem_.goal) {
      for (const std::string& name : term.args) {
        const SceneSite* site = FindSite(scene_, name);
        if (name == object.name || (site && site->parent == object.name)) return true;
      }
    }
    return false;
  }

  // keeps the object's radius inside the border; a small region turns inside out, as in LIBERO
  static void Shrink(SpotDraw& spot) {
    for (auto& [x0, y0, x1, y1] : spot.ranges) {
      x0 += spot.radius;
      y0 += spot.radius;
      x1 -= spot.radius;
      y1 -= spot.radius;
    }
  }

  void Add(const BddlPredicate& state, const SceneObject& object, SpotDraw spot) {
    const bool added = placed_.emplace(object.name, static_cast<int>(plan_.spots.size())).second;
    if (!added) Fail(state, object.name + " is placed twice", "keep one On or In for it");
    plan_.spots.push_back(std::move(spot));
  }

  int Reference(const BddlPredicate& state, const std::string& name) const {
    const auto found = placed_.find(name);
    if (found == placed_.end()) {
      Fail(state, name + " is not placed before " + state.args[0], "place it in :init");
    }
    return found->second;
  }

  const SceneObject& Placed(const BddlPredicate& state) const {
    const SceneObject* object = FindObject(scene_, state.args[0]);
    if (!object) Fail(state, state.args[0] + " cannot be placed", "name an object or fixture");
    return *object;
  }

  const SceneObject& Movable(const BddlPredicate& state) const {
    const SceneObject& object = Placed(state);
    if (object.fixture) {
      Fail(state, "fixture " + object.name + " can only be placed on the workspace",
           "LIBERO cannot place it here either");
    }
    return object;
  }

  // neither an object's nor a fixture's
  bool IsWorkspaceRegion(const std::string& name) const {
    const BddlRegion* region = FindRegion(problem_, name);
    return region && !FindObject(scene_, region->target);
  }

  [[noreturn]] void Fail(const BddlPredicate& state, const std::string& what,
                         const std::string& hint) const {
    ThrowAt(problem_.source, state, what, hint);
  }

  const BddlProblem& problem_;
  const ComposedScene& scene_;
  const mjModel& model_;
  ResetPlan plan_;
  std::map<std::string, int> placed_;  // instance -> index of its spot
};

}  // namespace

ResetPlan MakeResetPlan(const BddlProblem& problem, const ComposedScene& scene,
                        const mjModel& model) {
  return Planner(problem, scene, model).Plan();
}

}  // namespace vega
