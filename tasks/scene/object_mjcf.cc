// robosuite's MujocoXMLObject (models/objects/objects.py) and LIBERO's region look-up.

#include "tasks/scene/object_mjcf.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>

#include "sim/base/error.h"
#include "tasks/scene/mjcf.h"

namespace vega {
namespace {

bool Is(pugi::xml_node node, const char* tag) { return std::strcmp(node.name(), tag) == 0; }

pugi::xml_node RootBody(pugi::xml_node worldbody, const std::filesystem::path& file) {
  for (pugi::xml_node outer : worldbody.children("body")) {
    if (auto body = outer.find_child_by_attribute("body", "name", "object")) return body;
  }
  throw Error(fmt::format("{}: no body named \"object\"", file.string()));
}

// the offset that a site of the outer body marks, m
std::vector<double> MarkedOffset(pugi::xml_node worldbody, const std::string& site,
                                 const std::filesystem::path& file) {
  for (pugi::xml_node outer : worldbody.children("body")) {
    const auto marked = outer.find_child_by_attribute("site", "name", site.c_str());
    std::vector<double> offset = GetNumbers(marked, "pos");
    if (offset.size() == 3) return offset;
  }
  throw Error(fmt::format("{}: no site \"{}\"", file.string(), site));
}

// names unnamed geoms by their position among all, and drops those that are neither collision nor
// visual
void NameGeoms(pugi::xml_node body, const std::filesystem::path& file) {
  std::vector<pugi::xml_node> geoms;
  VisitElements(body, [&](pugi::xml_node node) {
    if (Is(node, "geom")) geoms.push_back(node);
  });
  for (size_t i = 0; i < geoms.size(); ++i) {
    const pugi::xml_attribute group = geoms[i].attribute("group");
    if (!group) throw Error(fmt::format("{}: geom {} has no group", file.string(), i));
    if (group.as_int() != 0 && group.as_int() != 1) {
      geoms[i].parent().remove_child(geoms[i]);
    } else if (!geoms[i].attribute("name")) {
      SetText(geoms[i], "name", fmt::format("g{}", i).c_str());
    }
  }
}

void Multiply(pugi::xml_node node, const char* attribute, double by) {
  std::vector<double> numbers = GetNumbers(node, attribute);
  if (numbers.empty()) return;
  for (double& number : numbers) number *= by;
  SetNumbers(node, attribute, numbers);
}

// every length by `size`, masses that are stated by its cube
void Resize(pugi::xml_node root, double size, const std::filesystem::path& file) {
  for (pugi::xml_node mesh : root.child("asset").children("mesh")) {
    if (!mesh.attribute("scale")) SetText(mesh, "scale", "1 1 1");
    Multiply(mesh, "scale", size);
  }
  VisitElements(root.child("worldbody"), [&](pugi::xml_node node) {
    if (Is(node, "joint")) {
      throw Error(fmt::format("{}: what has joints comes in one size only", file.string()));
    }
    for (const char* length : {"pos", "size", "fromto"}) Multiply(node, length, size);
    Multiply(node, "mass", size * size * size);
    for (const char* inertia : {"diaginertia", "fullinertia"}) {
      Multiply(node, inertia, std::pow(size, 5));
    }
  });
}

void AddDefaultSite(pugi::xml_node body, const std::string& instance) {
  pugi::xml_node site = body.append_child("site");
  SetText(site, "name", (instance + "_default_site").c_str());
  SetText(site, "pos", "0 0 0");
  SetText(site, "size", "0.002 0.002 0.002");
  SetText(site, "rgba", "1 0 0 0");
  SetText(site, "type", "sphere");
  SetText(site, "group", "0");
}

void AddFreeJoint(pugi::xml_node body, const std::string& instance) {
  pugi::xml_node joint = body.append_child("joint");
  SetText(joint, "name", (instance + "_joint0").c_str());
  SetText(joint, "type", "free");
  SetText(joint, "damping", "0.0005");
}

// LIBERO's _load_sites_in_arena: bodies in document order until one without sites; a site belongs
// to the last body seen above it, and that body's own joints open and close it
std::vector<SceneSite> RegionSites(pugi::xml_node worldbody, const std::string& parent) {
  std::vector<pugi::xml_node> bodies;
  const pugi::xml_node outer = worldbody.child("body");
  VisitElements(outer, [&](pugi::xml_node node) {
    if (Is(node, "body") && node != outer) bodies.push_back(node);
  });
  std::vector<SceneSite> sites;
  for (pugi::xml_node body : bodies) {
    const size_t before = sites.size();
    VisitElements(body, [&](pugi::xml_node node) {
      if (!Is(node, "site")) return;
      SceneSite site{.name = node.attribute("name").as_string(), .parent = parent};
      for (pugi::xml_node joint : body.children("joint")) {
        site.joints.push_back(joint.attribute("name").as_string());
      }
      const std::vector<double> size = GetNumbers(node, "size");
      for (size_t i = 0; i < std::min<size_t>(3, size.size()); ++i) site.half_size[i] = size[i];
      sites.push_back(std::move(site));
    });
    if (sites.size() == before) break;
  }
  return sites;
}

void RequireAssetFiles(pugi::xml_node assets) {
  for (pugi::xml_node asset : assets.children()) {
    const char* file = asset.attribute("file").as_string();
    if (*file && !std::filesystem::exists(file)) throw Error(fmt::format("missing asset {}", file));
  }
}

}  // namespace

ObjectModel BuildObject(const BddlInstance& instance, const ObjectCategory& category, bool fixture,
                        const std::filesystem::path& assets) {
  const std::string& name = instance.name;
  const std::filesystem::path file = assets / category.xml;
  ObjectModel model{.document = LoadMjcf(file)};
  const pugi::xml_node root = model.document.child("mujoco");
  const pugi::xml_node worldbody = root.child("worldbody");
  RequireAssetFiles(root.child("asset"));
  if (instance.size != 1) Resize(root, instance.size, file);
  SceneObject& object = model.object;
  object.name = name;
  object.category = &category;
  object.fixture = fixture;
  object.size = instance.size;
  object.bottom_z = MarkedOffset(worldbody, "bottom_site", file)[2];
  object.top_z = MarkedOffset(worldbody, "top_site", file)[2];
  object.horizontal_radius = MarkedOffset(worldbody, "horizontal_radius_site", file)[0];

  const pugi::xml_node body = RootBody(worldbody, file);
  SetText(body, "name", "main");
  NameGeoms(body, file);
  AddPrefix(root, name + "_");
  model.sites = RegionSites(worldbody, name);
  VisitElements(body, [&](pugi::xml_node node) {
    const std::string element = node.attribute("name").as_string();
    if (Is(node, "joint")) object.joints.push_back(element);
    if (IsGroup0Geom(node)) object.contact_geoms.push_back(element);
  });
  if (!fixture) AddFreeJoint(body, name);
  AddDefaultSite(body, name);
  model.body = body;
  return model;
}

}  // namespace vega
