// The skill of moving one object: chosen grasp, pick, carry, place, with checks at each stage.

#pragma once

#include <optional>
#include <set>
#include <vector>

#include "tasks/expert/arm.h"
#include "tasks/expert/place_options.h"
#include "tasks/expert/tables.h"

namespace vega {

// A way to take hold of an object.
struct GraspChoice {
  int id = 0;         // among those of its object, stable from one attempt to the next
  Pose local;         // of the hand, in the object's root frame
  double habit = 0;   // what is disliked about it whatever stands around
  double around = 0;  // what stands around costs it
  double cost = 0;    // of both, once they are ranked
};

class Transfer {
 public:
  // All must outlive it. Throws Error when the tables have no grasp for the item's category.
  Transfer(Arm& arm, const ExpertTables& tables, const Item& item, Target target);

  // Picks the object up and puts it down: true when it was let go in place.
  Script Run();
  // The same with the object in the hand already.
  Script Resume();

 private:
  std::vector<GraspChoice> Grasps() const;
  // With the place considered, best first. Costs of the surroundings that differ by less than
  // kAsGood count as equal, and habit decides: like scenes are acted on alike, which is what a
  // learner of the demonstrations needs.
  std::vector<GraspChoice> RankedGrasps() const;
  // m, the straight way along which the hand comes down on a grasp, and what it costs in crowding.
  double WayLength(const Pose& grasp) const;
  double WayCost(const Pose& grasp) const;
  // Of a place: what stands around costs the hand, which holds the item at `local` and opens to
  // `opening` [m], and the item, which is at `now`.
  double AroundPlace(const PlaceOption& option, const Pose& local, double opening,
                     const Pose& now) const;
  double PlaceCost(const Pose& local) const;
  std::optional<PlaceOption> BestPlace() const;

  // Of a hand that is coming down on a grasp: the next waypoint, see NextWaypoint.
  size_t NextOf(const GraspChoice& choice) const;
  // A grasp the hand is coming down on, if it is about as good as the best, which comes first.
  std::optional<GraspChoice> OnTheWayTo(const std::vector<GraspChoice>& choices) const;

  Script Pick();
  void Grasped();  // remembers how the object lies in the hand
  Script LiftAway();
  Script Place();
  Script LetGo(bool from_above);
  // The hand's pose that brings the held object's root to `root`.
  Pose HandFor(const Pose& root) const;
  bool Held() const;

  Arm& arm_;
  const World& world_;
  const Item& item_;
  const CategoryGrasps grasps_;
  const PlaceSpec spec_;
  const Target target_;
  std::set<int> failed_;            // grasps that did not work
  Pose held_;                       // of the hand in the object's frame, as it was grasped
  Matrix3d held_hand_, held_root_;  // orientations as it was grasped
};

// m, opening of the pads once an object is let go, beyond what it was while holding
inline constexpr double kReleaseOpening = 0.03;

}  // namespace vega
