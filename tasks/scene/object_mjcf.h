// One object or fixture instance as MJCF, with what LIBERO's code asks of it.

#pragma once

#include <filesystem>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "tasks/bddl/bddl.h"
#include "tasks/scene/scene_composer.h"

namespace vega {

struct ObjectModel {
  pugi::xml_document document;  // the category's file, names prefixed with the instance's
  pugi::xml_node body;          // root body to put into the world, in `document`
  SceneObject object;           // everything filled
  std::vector<SceneSite>
      sites;  // all its sites that a region may name; of equal names the last counts
};

// Builds an instance as robosuite's MujocoXMLObject does: body "object" of the file, its unnamed
// geoms numbered, all names prefixed with `name` + "_"; a movable one gets a free joint; both get a
// default_site. `instance.size` stretches it in every direction; its density stays. Throws Error
// when the file or a file it needs is missing, or lacks what LIBERO reads, and when something with
// joints should have another size.
ObjectModel BuildObject(const BddlInstance& instance, const ObjectCategory& category, bool fixture,
                        const std::filesystem::path& assets);

}  // namespace vega
