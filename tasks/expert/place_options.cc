#include "tasks/expert/place_options.h"

#include <algorithm>
#include <cmath>

#include "tasks/expert/clearance.h"

namespace vega {
namespace {

constexpr double kGripAbove =
    0.012;                        // m, lowest grip above a rim that the open fingers do not pass
constexpr double kFallIn = 0.10;  // m, of approach from above
constexpr double kTableRelease = 0.003;  // m, underside above the table
constexpr double kPi = std::numbers::pi;

// turns of the hand about the vertical between pick and place
constexpr double kTurns[] = {0, kPi / 6, -kPi / 6, kPi / 3, -kPi / 3, kPi / 2, -kPi / 2};

class Options {
 public:
  Options(const World& world, const PlaceSpec& spec, const Item& item, const Target& target,
          const Pose& local)
      : world_(world),
        spec_(spec),
        item_(item),
        target_(target),
        local_(local),
        now_(world.PoseOf(item)) {
    if (target.owner()) owner_ = world.PoseOf(*target.owner());
    center_ = target.item ? owner_.p : world.PoseOf(*target.region).p;
  }

  std::vector<PlaceOption> Make() {
    switch (spec_.kind) {
      case PlaceKind::kOn:
      case PlaceKind::kDrop:
        FromAbove();
        break;
      case PlaceKind::kDrawer:
        IntoDrawer();
        break;
      case PlaceKind::kSlot:
        IntoSlot();
        break;
      case PlaceKind::kRack:
        OntoRack();
        break;
      case PlaceKind::kShelf:
        IntoShelf();
        break;
      case PlaceKind::kMicrowave:
        IntoMicrowave();
        break;
    }
    return std::move(options_);
  }

 private:
  std::vector<Vector2d> Spots() const {
    std::vector<Vector2d> spots;
    if (target_.owner() == nullptr) {
      // a region of the workspace: anywhere within the middle of it
      const Vector3d half = (world_.PoseOf(*target_.region).R * target_.region->half).cwiseAbs();
      for (const double x : {0.0, 0.5, -0.5}) {
        for (const double y : {0.0, 0.5, -0.5}) spots.emplace_back(x * half.x(), y * half.y());
      }
      return spots;
    }
    if (target_.sharing == 1 || spec_.spots.empty()) spots.push_back(spec_.offset);
    spots.insert(spots.end(), spec_.spots.begin(), spec_.spots.end());
    return spots;
  }

  Vector3d SpotAt(const Vector2d& spot) const {
    return center_ + owner_.R * Vector3d(spot.x(), spot.y(), 0);
  }

  double Underside() const {
    if (target_.owner() == nullptr) return world_.TableHeight() + kTableRelease;
    return center_.z() + spec_.height;
  }

  void Add(const Vector3d& p, const Matrix3d& R, double cost, const Vector3d& entry, double length,
           double early = 0.05) {
    options_.push_back({{p, R}, entry, length, early, cost});
  }

  void FromAbove() {
    double index = 0;
    for (const Vector2d& spot : Spots()) {
      for (const double turn : kTurns) {
        const Matrix3d R = TurnZ(turn) * now_.R;
        Vector3d p = SpotAt(spot);
        p.z() = Underside() + world_.HangOf(item_, R);
        if (spec_.kind == PlaceKind::kDrop) {
          const double grip = (R * local_.p).z();
          p.z() = std::max(center_.z() - target_.region->half.z() + 0.02 + world_.HangOf(item_, R),
                           owner_.p.z() + spec_.rim + kGripAbove - grip);
        }
        Add(p, R, 0.3 * index + 0.5 * std::abs(turn), -Vector3d::UnitZ(), kFallIn);
      }
      index += 1;
    }
  }

  // something whose root would stand above the region when upright is laid in
  void IntoDrawer() {
    const double ceiling = center_.z() + HalfHeight();
    double index = 0;
    for (const Vector2d& spot : Spots()) {
      for (const double turn : kTurns) {
        Matrix3d R = TurnZ(turn) * now_.R;
        double cost = 0.3 * index + 0.5 * std::abs(turn);
        Vector3d p = SpotAt(spot);
        p.z() = Underside() + world_.HangOf(item_, R);
        if (p.z() > ceiling - 0.005) {
          R = TurnAbout(Vector3d(0, 0, -1).cross(Vector3d::UnitX()), Radians(60)) * R;
          p.z() = Underside() + world_.HangOf(item_, R);
        }
        Add(p, R, cost, -Vector3d::UnitZ(), kFallIn);
      }
      index += 1;
    }
  }

  double HalfHeight() const {
    return (world_.PoseOf(*target_.region).R.cwiseAbs() * target_.region->half).z();
  }

  // the middle of the object goes to the middle of the compartment, its thin side along x
  void IntoSlot() {
    const Vector3d closing = now_.R * local_.R.col(0);
    const double wanted = std::atan2(owner_.R(1, 0), owner_.R(0, 0));
    const double have = std::atan2(closing.y(), closing.x());
    for (const double flip : {0.0, kPi}) {
      const double turn = Wrapped(wanted + flip - have);
      const Matrix3d R = TurnZ(turn) * now_.R;
      Vector3d p = SpotAt(spec_.offset) - R * world_.MiddleOf(item_);
      p.z() = Underside() + world_.HangOf(item_, R);
      Add(p, R, 0.5 * std::abs(turn), -Vector3d::UnitZ(), 0.15, 0.02);
    }
  }

  // laid on a sloped plank, its top uphill: plank and normal are the region's z and -y
  void OntoRack() {
    const Matrix3d site = world_.PoseOf(*target_.region).R;
    const Vector3d plank = site.col(2), normal = -site.col(1);
    const Vector3d downhill = Vector3d(-plank.x(), -plank.y(), 0).normalized();
    const Matrix3d R = TurnAbout(Vector3d(0, 0, -1).cross(downhill), spec_.lean) * now_.R;
    Add(center_ + 0.030 * plank + 0.010 * normal, R, 0, -normal, 0.08, 0.03);
  }

  void IntoShelf() {
    const Vector3d into = IntoOf(world_, *target_.owner());
    const double half =
        (world_.PoseOf(*target_.region).R.cwiseAbs() * target_.region->half).dot(into.cwiseAbs());
    const bool by_handle = local_.p.head<2>().norm() > 0.1;
    const Vector3d closing = now_.R * local_.R.col(0);
    // a handle points out of the shelf; a flat thing turns its thin side to it and leans in
    const Vector3d out = by_handle ? Vector3d(now_.R * local_.p) : closing;
    const double wanted = std::atan2(-into.y(), -into.x());
    const double have = std::atan2(out.y(), out.x());
    for (const double flip : {0.0, kPi}) {
      if (by_handle && flip > 0) break;
      const double turn = Wrapped(wanted + flip - have);
      Matrix3d R = TurnZ(turn) * now_.R;
      if (!by_handle) R = TurnAbout(Vector3d(0, 0, -1).cross(into), spec_.lean) * R;
      Vector3d p = center_ + (spec_.depth - half - (by_handle ? 0.02 : 0.0)) * into;
      p.z() = center_.z() + (by_handle ? spec_.handle_height : spec_.height);
      Add(p, R, 0.5 * std::abs(turn), into, spec_.depth + (by_handle ? 0.12 : 0.06), 0.0);
    }
  }

  void IntoMicrowave() {
    const Vector3d into = IntoOf(world_, *target_.owner());
    Vector3d p = SpotAt(spec_.offset);
    p.z() = Underside() + world_.HangOf(item_, now_.R);
    Add(p, now_.R, 0, into, 0.20, 0.0);
  }

  const World& world_;
  const PlaceSpec& spec_;
  const Item& item_;
  const Target& target_;
  const Pose& local_;
  Pose now_, owner_;
  Vector3d center_;
  std::vector<PlaceOption> options_;
};

}  // namespace

std::string Target::category() const { return owner() ? owner()->category : std::string(); }
std::string Target::part() const { return region ? region->part : std::string(); }

std::vector<PlaceOption> PlaceOptions(const World& world, const PlaceSpec& spec, const Item& item,
                                      const Target& target, const Pose& local) {
  return Options(world, spec, item, target, local).Make();
}

double HandCost(const World& world, const Pose& hand, double opening, const Item* ignore) {
  const double yaw = HandYaw(hand.R);
  double cost = 3 * Crowding(world, hand, opening, ignore) + ReachCost(world, hand);
  // beyond these the last joint nears its limits
  if (yaw < Radians(-100)) cost += 5 + 5 * (Radians(-100) - yaw);
  if (yaw > Radians(130)) cost += 5 + 5 * (yaw - Radians(130));
  return cost;
}

Vector3d IntoOf(const World& world, const Item& fixture) {
  const Vector3d y = world.PoseOf(fixture).R.col(1);
  return Vector3d(y.x(), y.y(), 0).normalized();
}

}  // namespace vega
