// MJCF documents as robosuite edits them: load, prefix, merge, look up. Used by the scene composer.

#pragma once

#include <filesystem>
#include <pugixml.hpp>
#include <span>
#include <string>
#include <vector>

namespace vega {

// Reads an MJCF file as robosuite's models/base.py does: each element's class is replaced by the
// class's attributes for its tag where the element has none of its own (no inheritance between
// classes), <default> is dropped, and asset files become absolute. Throws Error naming a file that
// is missing or is not XML.
pugi::xml_document LoadMjcf(const std::filesystem::path& file);

// Prefixes every attribute below and at `root` that holds or refers to a name, unless it has the
// prefix already.
void AddPrefix(pugi::xml_node root, const std::string& prefix);

// True for a geom of group 0 or without a group: robosuite's collision geoms.
bool IsGroup0Geom(pugi::xml_node node);

// Gives geoms of group 0 (or of none) at or below `root` the colour and takes their material, as
// robosuite does to tell collision geoms. The geom called `except` keeps its look.
void RecolorCollisionGeoms(pugi::xml_node root, const char* rgba, const char* except = "");

// Copies all children of `from` to the end of `to`.
void AppendChildren(pugi::xml_node to, pugi::xml_node from);

// Copies the assets of `from` whose tag and name `to` does not have yet.
void MergeAssets(pugi::xml_node to, pugi::xml_node from);

// The first element at or below `root` in document order with this tag and name; null when there is
// none.
pugi::xml_node FindElement(pugi::xml_node root, const char* tag, const char* name);

// Sets an attribute, added when missing. Numbers are written so that they read back the same.
void SetText(pugi::xml_node node, const char* attribute, const char* value);
void SetNumbers(pugi::xml_node node, const char* attribute, std::span<const double> values);

// The numbers of an attribute; empty when it is missing.
std::vector<double> GetNumbers(pugi::xml_node node, const char* attribute);

// Calls visit(element) for `root` and everything below it, in document order.
template <typename Visit>
void VisitElements(pugi::xml_node root, const Visit& visit) {
  visit(root);
  for (pugi::xml_node child : root.children()) VisitElements(child, visit);
}

}  // namespace vega
