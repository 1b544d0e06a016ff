// Looking up the parts of a composed scene and its compiled model by name, once, at load.

#pragma once

#include <mujoco/mujoco.h>

#include <string>

#include "tasks/bddl/bddl.h"
#include "tasks/scene/scene_composer.h"

namespace vega {

// Null when there is none of that name.
const SceneObject* FindObject(const ComposedScene& scene, const std::string& name);
const SceneSite* FindSite(const ComposedScene& scene, const std::string& name);

// Ids of named parts. Throw Error naming the part that `model` lacks.
int BodyId(const mjModel& model, const SceneObject& object);  // its root body
int GeomId(const mjModel& model, const std::string& name);
int SiteId(const mjModel& model, const std::string& name);
int QposAddress(const mjModel& model, const std::string& joint);

// Throws Error "source:line:column: what (hint)", the place being the predicate's in its BDDL
// source.
[[noreturn]] void ThrowAt(const std::string& source, const BddlPredicate& predicate,
                          const std::string& what, const std::string& hint);

}  // namespace vega
