// The true scene as the expert reads it: objects, fixtures, regions and the robot, by BDDL name.

#pragma once

#include <string>
#include <vector>

#include "tasks/expert/pose.h"
#include "tasks/goal/predicates.h"
#include "tasks/task.h"

namespace vega {

// An object or fixture of the problem.
struct Item {
  std::string name;
  std::string category;
  bool fixture = false;
  double size = 1;                  // of what its category has
  int body = -1;                    // root body
  std::vector<int> geoms;           // those that collide
  std::vector<std::string> joints;  // its own, without the free joint
};

// A region that a goal may name.
struct Region {
  std::string name;
  std::string part;            // the name without its owner's, e.g. "top_region"
  const Item* item = nullptr;  // owner; null for a region of the workspace
  int site = -1;
  Vector3d half;                    // m, half size in the site's frame
  std::vector<std::string> joints;  // that Open and Close of it read
};

struct Bounds {
  Vector3d low, high;  // m, world, axis-aligned
};

// One goal predicate and its truth.
struct Goal {
  BddlPredicate bddl;
  Predicate test;
};

// Views a scene for one episode; `task` and `scene` must outlive it. Everything is read live.
class World {
 public:
  // Throws Error for a task without a BDDL problem.
  World(const Task& task, const Scene& scene);
  World(const World&) = delete;

  const mjModel& model() const { return scene_.model(); }
  const mjData& data() const { return scene_.data(); }
  const std::vector<Item>& items() const { return items_; }
  const std::vector<Region>& regions() const { return regions_; }
  const std::vector<Goal>& goals() const { return goals_; }
  // Null when there is none.
  const Item* FindItem(const std::string& name) const;
  const Region* FindRegion(const std::string& name) const;

  Pose PoseOf(const Item& item) const;
  Pose PoseOf(const Region& region) const;
  Bounds BoundsOf(const Item& item) const;
  Bounds BoundsOfGeom(int geom) const;
  // m, from the item's root down to its lowest point, were it turned to R
  double HangOf(const Item& item, const Matrix3d& R) const;
  // m, middle of the box around the item, in its root's frame
  Vector3d MiddleOf(const Item& item) const;
  Pose PoseOfGeom(int geom) const;
  // m, half sizes of the box around a geom in its own frame
  Vector3d HalfSizeOfGeom(int geom) const;
  double Joint(const std::string& name) const;  // rad or m
  bool Holds(const Goal& goal) const { return goal.test.Holds(data()); }

  // The hand.
  Pose Hand() const;
  double Opening() const;       // m, between the finger pads, 0 to 0.08
  double OpeningSpeed() const;  // m/s, negative while they close
  // What both fingers press on along their closing axis; null: nothing that can be moved.
  const Item* Held() const;
  Vector3d RobotBase() const;  // m
  // Whether a contact pairs the item with something that is neither the robot nor `except`.
  bool TouchesScene(const Item& item, const Item* except = nullptr) const;
  bool TouchesRobot(const Item& item) const;
  // The item a geom belongs to; null for robot, table and floor.
  const Item* OwnerOf(int geom) const;
  bool IsRobot(int geom) const;
  // m, height of the surface that things stand on
  double TableHeight() const { return table_height_; }

 private:
  const Scene& scene_;
  std::vector<Item> items_;
  std::vector<Region> regions_;
  std::vector<Goal> goals_;
  std::vector<int> owner_;       // (ngeom) index into items_, or -1
  int FingerOf(int geom) const;  // 0 or 1; -1 of any other geom

  int robot_root_ = -1;
  int base_body_ = -1;
  double table_height_ = 0;
};

}  // namespace vega
