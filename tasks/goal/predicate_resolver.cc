// From a predicate's names to ids of the compiled model.

#include <string>

#include "sim/base/error.h"
#include "tasks/goal/predicates.h"
#include "tasks/scene/scene_lookup.h"

namespace vega {
namespace {

class Resolver {
 public:
  Resolver(const BddlPredicate& predicate, const std::string& source, const ComposedScene& scene,
           const mjModel& model)
      : predicate_(predicate), source_(source), scene_(scene), model_(model) {}

  Predicate Resolve() const {
    Predicate resolved;
    for (const std::string& arg : predicate_.args) {
      resolved.text += (resolved.text.empty() ? "" : ", ") + arg;
    }
    resolved.text = predicate_.name + "(" + resolved.text + ")";
    if (predicate_.name == "on") {
      const SceneObject* object = FindObject(scene_, predicate_.args[1]);
      if (object) {
        resolved.test = On(*object);
      } else {
        resolved.test = On(Site(predicate_.args[1]));
      }
    } else if (predicate_.name == "in") {
      resolved.test = In();
    } else if (predicate_.name == "up") {
      resolved.test = Up{Body(Object(predicate_.args[0]))};
    } else {
      resolved.test = Joint();
    }
    return resolved;
  }

 private:
  OnObject On(const SceneObject& b) const {
    const SceneObject& a = Object(predicate_.args[0]);
    return {Body(a), Body(b), Contact(a, b)};
  }

  OnSite On(const SceneSite& site) const {
    const SceneObject& a = Object(predicate_.args[0]);
    OnSite on = {Body(a), SiteId(model_, site.name), site.half_size, !site.parent.empty(), {}};
    if (on.has_owner) on.contact = Contact(Object(site.parent), a);
    return on;
  }

  InSite In() const {
    if (FindObject(scene_, predicate_.args[1])) {
      Fail(predicate_.args[1] + " has no inside", "name a region of it");
    }
    const SceneSite& site = Site(predicate_.args[1]);
    return {Body(Object(predicate_.args[0])), SiteId(model_, site.name), site.half_size};
  }

  JointState Joint() const {
    const std::string& name = predicate_.args[0];
    const SceneObject* object = FindObject(scene_, name);
    const bool knob = predicate_.name == "turnon" || predicate_.name == "turnoff";
    const SceneSite* site = object ? nullptr : &Site(name);
    if (site && knob) Fail(name + " is a region", "name the fixture itself");
    const SceneObject& owner = object ? *object : Object(site->parent);
    if (!owner.category->articulation) Fail(name + " has no joint", "name a drawer, door or knob");

    JointState state = Threshold(*owner.category->articulation);
    for (const std::string& joint : object ? object->joints : site->joints) {
      state.qposadr.push_back(QposAddress(model_, joint));
    }
    return state;
  }

  JointState Threshold(const Articulation& joint) const {
    const std::string& name = predicate_.name;
    const auto make = [](JointState::Kind kind, const std::optional<double>& below,
                         const std::optional<double>& above) -> std::optional<JointState> {
      if (!below && !above) return std::nullopt;
      return JointState{kind, {}, above ? *above : *below, above.has_value()};
    };
    std::optional<JointState> state;
    if (name == "open") state = make(JointState::kOpen, joint.open_below, joint.open_above);
    if (name == "close") state = make(JointState::kClose, joint.close_below, joint.close_above);
    if (name == "turnon") state = make(JointState::kTurnOn, {}, joint.turn_on_from);
    if (name == "turnoff") state = make(JointState::kTurnOff, joint.turn_off_below, {});
    if (!state)
      Fail("the category of " + predicate_.args[0] + " does not define " + name,
           "its joints cannot be judged so");
    return *state;
  }

  ContactPair Contact(const SceneObject& first, const SceneObject& second) const {
    ContactPair pair{std::vector<uint8_t>(model_.ngeom, 0)};
    Mark(first, 1, pair);
    Mark(second, 2, pair);
    return pair;
  }

  void Mark(const SceneObject& object, uint8_t bit, ContactPair& pair) const {
    for (const std::string& geom : object.contact_geoms) {
      pair.groups[GeomId(model_, geom)] |= bit;
    }
  }

  int Body(const SceneObject& object) const { return BodyId(model_, object); }

  const SceneObject& Object(const std::string& name) const {
    const SceneObject* object = FindObject(scene_, name);
    if (!object) Fail(name + " is no object or fixture", "name one of :objects or :fixtures");
    return *object;
  }

  const SceneSite& Site(const std::string& name) const {
    if (const SceneSite* site = FindSite(scene_, name)) return *site;
    Fail(name + " is no object and no region", "name one of :objects, :fixtures or :regions");
  }

  [[noreturn]] void Fail(const std::string& what, const std::string& hint) const {
    ThrowAt(source_, predicate_, what, hint);
  }

  const BddlPredicate& predicate_;
  const std::string& source_;
  const ComposedScene& scene_;
  const mjModel& model_;
};

}  // namespace

Predicate MakePredicate(const BddlPredicate& predicate, const std::string& source,
                        const ComposedScene& scene, const mjModel& model) {
  return Resolver(predicate, source, scene, model).Resolve();
}

}  // namespace vega
