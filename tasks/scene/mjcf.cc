// robosuite's editing of MJCF (models/base.py, utils/mjcf_utils.py) on pugixml.

#include "tasks/scene/mjcf.h"

#include <fmt/format.h>

#include <cstring>
#include <sstream>

#include "sim/base/error.h"

namespace vega {
namespace {

// attributes that hold or refer to names
constexpr const char* kNameAttributes[] = {
    "class",  "childclass", "name",          "objname", "material", "texture",   "joint",
    "joint1", "joint2",     "jointinparent", "geom",    "geom1",    "geom2",     "mesh",
    "fixed",  "actuator",   "tendon",        "tendon1", "tendon2",  "slidesite", "cranksite",
    "body",   "body1",      "body2",         "hfield",  "target",   "prefix",    "site"};

// the class's element for this tag, e.g. <geom> in <default class="c">
pugi::xml_node ClassDefaults(pugi::xml_node defaults, const std::string& cls, const char* tag,
                             const std::filesystem::path& file) {
  pugi::xml_node found;
  for (pugi::xml_node candidate : defaults.children()) {
    if (cls == candidate.attribute("class").as_string()) found = candidate;
  }
  if (!found) throw Error(fmt::format("{}: no default class \"{}\"", file.string(), cls));
  pugi::xml_node element;
  for (pugi::xml_node candidate : found.children(tag)) element = candidate;
  return element;
}

void InlineDefaults(pugi::xml_node root, const std::filesystem::path& file) {
  const pugi::xml_node defaults = root.child("default");
  for (pugi::xml_node section : root.children()) {
    if (section == defaults) continue;
    VisitElements(section, [&](pugi::xml_node node) {
      const std::string cls = node.attribute("class").as_string();
      if (cls.empty()) return;
      node.remove_attribute("class");
      const pugi::xml_node source = ClassDefaults(defaults, cls, node.name(), file);
      for (const pugi::xml_attribute& attribute : source.attributes()) {
        if (!node.attribute(attribute.name())) node.append_copy(attribute);
      }
    });
  }
  root.remove_child(defaults);
}

}  // namespace

bool IsGroup0Geom(pugi::xml_node node) {
  return std::strcmp(node.name(), "geom") == 0 &&
         std::strcmp(node.attribute("group").as_string("0"), "0") == 0;
}

pugi::xml_document LoadMjcf(const std::filesystem::path& file) {
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_file(file.c_str());
  if (result.status == pugi::status_file_not_found) {
    throw Error(fmt::format("missing asset {}", file.string()));
  }
  const pugi::xml_node root = document.child("mujoco");
  if (!result || !root) {
    throw Error(fmt::format("{} is no MJCF document: {}", file.string(),
                            result ? "no <mujoco> element" : result.description()));
  }
  InlineDefaults(root, file);
  const auto folder = std::filesystem::absolute(file.parent_path());
  for (pugi::xml_node asset : root.child("asset").children()) {
    if (pugi::xml_attribute path = asset.attribute("file")) {
      path.set_value((folder / path.value()).lexically_normal().c_str());
    }
  }
  return document;
}

void AddPrefix(pugi::xml_node root, const std::string& prefix) {
  VisitElements(root, [&](pugi::xml_node node) {
    for (const char* name : kNameAttributes) {
      pugi::xml_attribute attribute = node.attribute(name);
      if (!attribute || std::string_view(attribute.value()).starts_with(prefix)) continue;
      attribute.set_value((prefix + attribute.value()).c_str());
    }
  });
}

void RecolorCollisionGeoms(pugi::xml_node root, const char* rgba, const char* except) {
  VisitElements(root, [&](pugi::xml_node node) {
    if (!IsGroup0Geom(node)) return;
    if (*except && std::strcmp(node.attribute("name").as_string(), except) == 0) return;
    SetText(node, "rgba", rgba);
    node.remove_attribute("material");
  });
}

void AppendChildren(pugi::xml_node to, pugi::xml_node from) {
  for (pugi::xml_node child : from.children()) to.append_copy(child);
}

void MergeAssets(pugi::xml_node to, pugi::xml_node from) {
  for (pugi::xml_node asset : from.children()) {
    bool known = false;
    for (pugi::xml_node other : to.children(asset.name())) {
      known |= std::strcmp(other.attribute("name").value(), asset.attribute("name").value()) == 0;
    }
    if (!known) to.append_copy(asset);
  }
}

pugi::xml_node FindElement(pugi::xml_node root, const char* tag, const char* name) {
  return root.find_node([&](pugi::xml_node node) {
    return std::strcmp(node.name(), tag) == 0 &&
           std::strcmp(node.attribute("name").as_string(), name) == 0;
  });
}

void SetText(pugi::xml_node node, const char* attribute, const char* value) {
  pugi::xml_attribute found = node.attribute(attribute);
  if (!found) found = node.append_attribute(attribute);
  found.set_value(value);
}

void SetNumbers(pugi::xml_node node, const char* attribute, std::span<const double> values) {
  SetText(node, attribute, fmt::format("{}", fmt::join(values, " ")).c_str());
}

std::vector<double> GetNumbers(pugi::xml_node node, const char* attribute) {
  std::istringstream text(node.attribute(attribute).as_string());
  std::vector<double> numbers;
  for (std::string word; text >> word;) numbers.push_back(std::strtod(word.c_str(), nullptr));
  return numbers;
}

}  // namespace vega
