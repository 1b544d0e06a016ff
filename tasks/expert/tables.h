// What the expert knows of categories: how each is grasped, where things rest on or in each, where
// handles and knobs are. Data, read from assets/grasps.json and assets/places.json, which state
// their units; nothing here is about a particular task.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tasks/expert/pose.h"

namespace vega {

// Where the pads go, in the frame of the object's root body.
struct GraspPoint {
  Vector3d at;       // m
  Vector3d closing;  // unit, axis along which the fingers close
  double rank = 0;   // 0 is the preferred one, grows down the list; 0 for all of a rim
};

struct CategoryGrasps {
  Vector3d up;                     // unit, points up as the object stands
  std::vector<GraspPoint> points;  // best first
  std::vector<GraspPoint>
      handles;              // that stick out sideways, for going in by the front; may be empty
  double slide_radius = 0;  // m, of the wall it is drawn along the table by; 0: it is carried
};

// Those of the same thing `size` times as large.
CategoryGrasps Scaled(CategoryGrasps grasps, double size);

enum class PlaceKind {
  kOn,         // lowered from above until it touches
  kDrop,       // let go above a rim
  kDrawer,     // lowered into an open drawer
  kSlot,       // lowered into a compartment, closing axis along the fixture's x
  kRack,       // laid on a sloped plank
  kShelf,      // pushed in from the front
  kMicrowave,  // pushed in from the front, gripped by what sticks out
};

// How something comes to rest on an object or in one of its regions.
struct PlaceSpec {
  PlaceKind kind = PlaceKind::kOn;
  double height = 0.004;        // m, underside above the region's centre or the object's root
  double rim = 0;               // m, kDrop: top of the rim above the owner's root
  Vector2d offset = {0, 0};     // m, from the region's centre, in the owner's frame
  std::vector<Vector2d> spots;  // m, others near it, in the owner's frame
  double handle_height = 0;     // m, as height, kShelf: of what is held by a handle
  double depth = 0;             // m, kShelf: how far the root goes in
  double lean = 0;              // rad, kRack, kShelf: of the hand
  bool holds_above = false;     // the goal is only true while it is held above the floor
};

// On the same thing `size` times as large.
PlaceSpec Scaled(PlaceSpec place, double size);

// A drawer's handle in the frame of the cabinet's root, at joint value q: the bar's centre is at
// (x, y + q, z).
struct DrawerHandle {
  Vector3d bar;   // m, at q = 0
  Vector3d half;  // m
};

// A knob that turns about the z axis of the fixture's root.
struct Knob {
  double bar_y = 0, bar_half = 0;        // m, the bar's centre line and half width
  double on_radius = 0, off_radius = 0;  // m, along the bar, where it is pushed
  double height = 0;                     // m, of the fingertips
};

// A door that turns about a vertical hinge. x' runs along the door from the hinge, y' inwards.
struct Door {
  Vector2d hinge;                           // m, in the fixture's frame
  Vector2d handle;                          // m, x', y' of the handle's centre
  double grip_height = 0, push_height = 0;  // m
  double push_radius = 0, outer = 0;        // m, x' where it is pushed, y' of the outer face
};

struct ExpertTables {
  std::map<std::string, CategoryGrasps> grasps;                    // by category
  std::map<std::string, std::map<std::string, PlaceSpec>> places;  // by category and region part
  std::map<std::string, std::map<std::string, DrawerHandle>> drawers;
  std::map<std::string, Knob> knobs;
  std::map<std::string, Door> doors;

  // Null when the category cannot be grasped.
  const CategoryGrasps* FindGrasps(const std::string& category) const;
  // `part` is empty for the object itself; a generic one where the tables say nothing.
  PlaceSpec PlaceOn(const std::string& category, const std::string& part) const;
};

// Reads both files of `folder`. Throws Error naming file and entry for what is missing or unsound.
std::shared_ptr<const ExpertTables> LoadExpertTables(const std::filesystem::path& folder);
// Those of the program.
std::shared_ptr<const ExpertTables> LoadExpertTables();

}  // namespace vega
