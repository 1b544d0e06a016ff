// A faster compile for tests that look at no picture.

#pragma once

#include <pugixml.hpp>
#include <sstream>
#include <string>

namespace vega {

// The same scene without textures, whose images take most of a compile's time.
inline std::string WithoutTextures(const std::string& mjcf) {
  pugi::xml_document document;
  document.load_string(mjcf.c_str());
  pugi::xml_node assets = document.child("mujoco").child("asset");
  while (pugi::xml_node texture = assets.child("texture")) assets.remove_child(texture);
  for (pugi::xml_node material : assets.children("material")) material.remove_attribute("texture");
  std::ostringstream text;
  document.save(text);
  return text.str();
}

}  // namespace vega
