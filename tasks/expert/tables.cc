#include "tasks/expert/tables.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int kRimAngles = 16;  // candidates on a whole circle

Vector3d ToVector3(const Json& json) {
  const std::array<double, 3> v = json;
  return {v[0], v[1], v[2]};
}

Vector2d ToVector2(const Json& json) {
  const std::array<double, 2> v = json;
  return {v[0], v[1]};
}

Vector3d Axis(const std::string& name) {
  if (name == "x") return Vector3d::UnitX();
  if (name == "y") return Vector3d::UnitY();
  if (name == "z") return Vector3d::UnitZ();
  throw Error("unknown axis '" + name + "'");
}

// pinches around a circular wall; only a category that stands along z has one
void AddRim(const Json& json, double rank, CategoryGrasps& grasps) {
  const Vector2d center = ToVector2(json.at("center"));
  const double radius = json.at("radius"), height = json.at("height");
  const double from = json.at("from"), to = json.at("to");
  const int last = to - from >= 360 ? kRimAngles - 1 : kRimAngles;
  for (int i = 0; i <= kRimAngles; ++i) {
    const double degrees = from + i * 360.0 / kRimAngles;
    if (i > last || degrees > to + 1e-6) break;
    const Vector3d radial(std::cos(Radians(degrees)), std::sin(Radians(degrees)), 0);
    grasps.points.push_back(
        {Vector3d(center.x(), center.y(), height) + radius * radial, radial, rank});
  }
}

CategoryGrasps ReadGrasps(const Json& all, const std::string& category) {
  const Json& json = all.at(category);
  if (json.contains("as")) {
    return Scaled(ReadGrasps(all, json.at("as")), json.value("scale", 1.0));
  }
  CategoryGrasps grasps{.up = Axis(json.at("up"))};
  for (const Json& point : json.value("points", Json::array())) {
    const Vector3d closing = ToVector3(point.at("closing"));
    grasps.points.push_back(
        {ToVector3(point.at("at")), closing.normalized(), 1.0 * grasps.points.size()});
  }
  for (const Json& handle : json.value("handles", Json::array())) {
    grasps.handles.push_back({ToVector3(handle.at("at")), ToVector3(handle.at("closing")), 0});
  }
  grasps.slide_radius = json.value("slide_radius", 0.0);
  const double after_points = static_cast<double>(grasps.points.size());
  for (const Json& rim : json.value("rims", Json::array())) AddRim(rim, after_points, grasps);
  if (grasps.points.empty()) throw Error("no points and no rims");
  return grasps;
}

PlaceKind ToPlaceKind(const std::string& name) {
  const std::map<std::string, PlaceKind> kinds = {{"on", PlaceKind::kOn},
                                                  {"drop", PlaceKind::kDrop},
                                                  {"drawer", PlaceKind::kDrawer},
                                                  {"slot", PlaceKind::kSlot},
                                                  {"rack", PlaceKind::kRack},
                                                  {"shelf", PlaceKind::kShelf},
                                                  {"microwave", PlaceKind::kMicrowave}};
  const auto found = kinds.find(name);
  if (found == kinds.end()) throw Error("unknown kind '" + name + "'");
  return found->second;
}

PlaceSpec ReadPlace(const Json& json) {
  PlaceSpec place{.kind = ToPlaceKind(json.at("kind")),
                  .height = json.value("height", 0.004),
                  .rim = json.value("rim", 0.0),
                  .offset = ToVector2(json.value("offset", Json{0.0, 0.0})),
                  .handle_height = json.value("handle_height", 0.0),
                  .depth = json.value("depth", 0.0),
                  .lean = Radians(json.value("lean", 0.0)),
                  .holds_above = json.value("holds_above", false)};
  for (const Json& spot : json.value("spots", Json::array())) {
    place.spots.push_back(ToVector2(spot));
  }
  return place;
}

DrawerHandle ReadHandle(const Json& json) {
  return {ToVector3(json.at("bar")), ToVector3(json.at("half"))};
}

Knob ReadKnob(const Json& json) {
  return {.bar_y = json.at("bar_y"),
          .bar_half = json.at("bar_half"),
          .on_radius = json.at("on_radius"),
          .off_radius = json.at("off_radius"),
          .height = json.at("height")};
}

Door ReadDoor(const Json& json) {
  return {.hinge = ToVector2(json.at("hinge")),
          .handle = ToVector2(json.at("handle")),
          .grip_height = json.at("grip_height"),
          .push_height = json.at("push_height"),
          .push_radius = json.at("push_radius"),
          .outer = json.at("outer")};
}

// Calls read(name, entry) for every entry of a section, naming the entry in what it throws. An
// entry {"as": NAME} is the one of that name.
template <typename Read>
void ReadSection(const Json& section, const Read& read) {
  for (const auto& [name, entry] : section.items()) {
    try {
      const bool alias = entry.contains("as");
      read(name, alias ? section.at(std::string(entry.at("as"))) : entry);
    } catch (const std::exception& error) {
      throw Error(fmt::format("entry \"{}\": {}", name, error.what()));
    }
  }
}

template <typename Read>
void ReadTable(const fs::path& file, const Read& read) {
  try {
    read(Json::parse(MappedFile(file).text()));
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()),
                "the file should be the one of this program");
  }
}

}  // namespace

CategoryGrasps Scaled(CategoryGrasps grasps, double size) {
  for (GraspPoint& point : grasps.points) point.at *= size;
  for (GraspPoint& handle : grasps.handles) handle.at *= size;
  grasps.slide_radius *= size;
  return grasps;
}

PlaceSpec Scaled(PlaceSpec place, double size) {
  for (double* length : {&place.height, &place.rim, &place.handle_height, &place.depth}) {
    *length *= size;
  }
  place.offset *= size;
  for (Vector2d& spot : place.spots) spot *= size;
  return place;
}

const CategoryGrasps* ExpertTables::FindGrasps(const std::string& category) const {
  const auto found = grasps.find(category);
  return found == grasps.end() ? nullptr : &found->second;
}

PlaceSpec ExpertTables::PlaceOn(const std::string& category, const std::string& part) const {
  const auto owner = places.find(category);
  if (owner == places.end()) return {};
  const auto place = owner->second.find(part);
  return place == owner->second.end() ? PlaceSpec{} : place->second;
}

std::shared_ptr<const ExpertTables> LoadExpertTables(const fs::path& folder) {
  auto tables = std::make_shared<ExpertTables>();
  ReadTable(folder / "grasps.json", [&](const Json& json) {
    const Json& categories = json.at("categories");
    ReadSection(categories, [&](const std::string& name, const Json&) {
      tables->grasps[name] = ReadGrasps(categories, name);
    });
  });
  ReadTable(folder / "places.json", [&](const Json& json) {
    ReadSection(json.at("places"), [&](const std::string& category, const Json& parts) {
      for (const auto& [part, place] : parts.items()) {
        tables->places[category][part] = ReadPlace(place);
      }
    });
    ReadSection(json.at("drawers"), [&](const std::string& category, const Json& parts) {
      for (const auto& [part, handle] : parts.items()) {
        tables->drawers[category][part] = ReadHandle(handle);
      }
    });
    ReadSection(json.at("knobs"), [&](const std::string& category, const Json& knob) {
      tables->knobs[category] = ReadKnob(knob);
    });
    ReadSection(json.at("doors"), [&](const std::string& category, const Json& door) {
      tables->doors[category] = ReadDoor(door);
    });
  });
  return tables;
}

std::shared_ptr<const ExpertTables> LoadExpertTables() { return LoadExpertTables(OwnAssets()); }

}  // namespace vega
