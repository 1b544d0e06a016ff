#include "tasks/expert/next_step.h"

#include "tasks/expert/fixtures.h"

namespace vega {
namespace {

// a door is named by what Open takes: the drawer's region, or the fixture with one door
std::string DoorOf(const World& world, const ExpertTables& tables, const std::string& name) {
  const Region* region = world.FindRegion(name);
  if (region == nullptr || region->item == nullptr) return {};
  const PlaceKind kind = tables.PlaceOn(region->item->category, region->part).kind;
  if (kind == PlaceKind::kDrawer) return name;
  if (kind == PlaceKind::kMicrowave) return region->item->name;
  return {};
}

std::string DoorAround(const World& world, const ExpertTables& tables, const std::string& name) {
  const Vector3d root = world.PoseOf(*world.FindItem(name)).p;
  for (const Region& region : world.regions()) {
    const std::string door = DoorOf(world, tables, region.name);
    if (door.empty()) continue;
    const Pose pose = world.PoseOf(region);
    const Vector3d half = (pose.R * region.half).cwiseAbs();
    if (((root - pose.p).cwiseAbs().array() < half.array()).all()) return door;
  }
  return {};
}

bool IsDoorOpen(const World& world, const ExpertTables& tables, const std::string& door) {
  if (const Region* region = world.FindRegion(door)) return IsOpen(world, tables, *region);
  const Item& fixture = *world.FindItem(door);
  Region whole{.name = door, .item = &fixture, .joints = fixture.joints};
  return IsOpen(world, tables, whole);
}

}  // namespace

PlanFacts FactsOf(const World& world, const ExpertTables& tables) {
  return {[&](const std::string& region) { return DoorOf(world, tables, region); },
          [&](const std::string& door) { return IsDoorOpen(world, tables, door); },
          [&](const std::string& object) { return DoorAround(world, tables, object); },
          [&](const std::string& object) {
            const Bounds bounds = world.BoundsOf(*world.FindItem(object));
            return bounds.high.z() - bounds.low.z();
          }};
}

std::vector<bool> Truths(const World& world) {
  std::vector<bool> truths;
  for (const Goal& goal : world.goals()) truths.push_back(world.Holds(goal));
  return truths;
}

std::vector<PlanStep> StepsLeft(const World& world, const ExpertTables& tables) {
  std::vector<BddlPredicate> goals;
  for (const Goal& goal : world.goals()) goals.push_back(goal.bddl);
  return PlanGoals(goals, Truths(world), FactsOf(world, tables));
}

}  // namespace vega
