#include "tasks/expert/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.h"
#include "tasks/expert/clearance.h"
#include "tasks/expert/travel.h"

namespace vega {
namespace {

constexpr double kMaxOpening = 0.08;  // m, between open pads
constexpr double kAbove = 0.035;      // m, above the grasp where the descent slows
constexpr double kHandRoom = 0.05;    // m, around the grasp that the hand comes down through
constexpr double kWayStep = 0.04;     // m, between points of the way that are looked at
constexpr double kLongestWay = 0.20;  // m
constexpr double kLift = 0.10;        // m
constexpr double kLost = 0.05;        // m, from where it was held that a dropped object is
constexpr double kMinHeld = 0.001;    // m, opening with something between the pads
constexpr double kUpright = 0.8;      // cosine of the tilt up to which an object stands
constexpr double kLeans[] = {0.35, -0.35, 0.6, -0.6};  // rad
constexpr double kUnderWay = 1;       // cost that a grasp may have more for being under way
constexpr double kAsGood = 2;         // of the surroundings' cost
constexpr double kTurned = 0.6;       // habit, a radian of the hand's turn
constexpr double kFarSide = 8;        // habit, a metre of -y between object and hand
constexpr double kOpenEnough = 0.06;  // m, opening with which the hand comes down
constexpr double kAtGrasp = 0.012, kAjar = 0.012;  // m
constexpr double kStill = 0.014;                   // m/s, of the fingers
constexpr int kPickAttempts = 4;
constexpr int kRankedByPlace = 14;  // grasps whose place is looked at too

// what counts of the surroundings' cost where the best choice has the least
double BeyondAsGood(double cost, double least) { return std::max(0.0, cost - least - kAsGood); }

CategoryGrasps RequireGrasps(const ExpertTables& tables, const Item& item) {
  const CategoryGrasps* grasps = tables.FindGrasps(item.category);
  if (grasps == nullptr) {
    throw Error(fmt::format("the expert cannot grasp {} ({})", item.name, item.category),
                "add its category to assets/grasps.json");
  }
  return Scaled(*grasps, item.size);
}

}  // namespace

Transfer::Transfer(Arm& arm, const ExpertTables& tables, const Item& item, Target target)
    : arm_(arm),
      world_(arm.world()),
      item_(item),
      grasps_(RequireGrasps(tables, item)),
      spec_(target.owner()
                ? Scaled(tables.PlaceOn(target.category(), target.part()), target.owner()->size)
                : PlaceSpec{}),
      target_(target) {}

std::vector<GraspChoice> Transfer::Grasps() const {
  const Pose root = world_.PoseOf(item_);
  const bool by_front = spec_.kind == PlaceKind::kMicrowave;
  std::vector<GraspPoint> points =
      by_front && !grasps_.handles.empty() ? grasps_.handles : grasps_.points;
  if (std::abs((root.R * grasps_.up).z()) < kUpright) {
    // lying: across its longest horizontal side, at its middle
    points = {{world_.MiddleOf(item_),
               root.R.transpose() * (root.R * grasps_.up).cross(Vector3d::UnitZ()).normalized(),
               0}};
  }
  std::vector<GraspChoice> choices;
  int id = 0;
  for (const GraspPoint& point : points) {
    Vector3d closing = root.R * point.closing;
    closing.z() = 0;
    const int first = id;
    id += 1 + static_cast<int>(2 * std::size(kLeans));
    if (closing.norm() < 0.7) continue;
    Matrix3d hand = HandAlong(closing.normalized(), Radians(by_front ? 120 : 95));
    if (by_front) hand = Leaned(hand, IntoOf(world_, *target_.owner()), spec_.lean);
    const double base = 0.3 * point.rank;
    const auto add = [&](int at, const Matrix3d& R, double extra) {
      const Pose pose{root * point.at, R};
      choices.push_back({.id = at,
                         .local = {point.at, root.R.transpose() * R},
                         .habit = base + extra + kTurned * std::abs(HandYaw(R)) +
                                  kFarSide * (root.p - pose.p).y(),
                         .around = HandCost(world_, pose, kMaxOpening, &item_) + WayCost(pose)});
    };
    add(first, hand, 0);
    if (by_front) continue;
    for (size_t i = 0; i < std::size(kLeans); ++i) {
      const double extra = 0.8 + std::abs(kLeans[i]);
      add(first + 1 + 2 * i, TurnAbout(hand.col(0), kLeans[i]) * hand, extra);
      add(first + 2 + 2 * i, TurnAbout(hand.col(1), kLeans[i]) * hand, extra + 0.5);
    }
  }
  for (GraspChoice& choice : choices) choice.around += failed_.contains(choice.id) ? 6 : 0;
  std::sort(choices.begin(), choices.end(), [](const GraspChoice& a, const GraspChoice& b) {
    return a.habit + a.around < b.habit + b.around;
  });
  return choices;
}

double Transfer::WayLength(const Pose& grasp) const {
  const Vector2d at = grasp.p.head<2>();
  const double top = TopAlong(world_, at, at, kHandRoom, &item_);
  const double length = (top + kAbove - grasp.p.z()) / std::max(0.3, -grasp.R(2, 2));
  return std::clamp(length, 0.06, kLongestWay);
}

double Transfer::WayCost(const Pose& grasp) const {
  const double length = WayLength(grasp);
  double cost = 0;
  for (double back = kWayStep; back < length + kWayStep / 2; back += kWayStep) {
    cost += 1.5 * Crowding(world_, {grasp.p - back * grasp.R.col(2), grasp.R}, kMaxOpening, &item_);
  }
  return cost;
}

double Transfer::AroundPlace(const PlaceOption& option, const Pose& local, double opening,
                             const Pose& now) const {
  return HandCost(world_, option.item * local, opening, &item_) +
         ItemCrowding(world_, item_, now, option.item);
}

double Transfer::PlaceCost(const Pose& local) const {
  double best = 1e9;
  const Pose now = world_.PoseOf(item_);
  for (const PlaceOption& option : PlaceOptions(world_, spec_, item_, target_, local)) {
    if (option.cost >= best) continue;
    best = std::min(best, option.cost + AroundPlace(option, local, kReleaseOpening, now));
  }
  return best;
}

std::vector<GraspChoice> Transfer::RankedGrasps() const {
  std::vector<GraspChoice> choices = Grasps();
  if (choices.size() > kRankedByPlace) choices.resize(kRankedByPlace);
  double least = std::numeric_limits<double>::infinity();
  for (GraspChoice& choice : choices) {
    choice.around += PlaceCost(choice.local);
    least = std::min(least, choice.around);
  }
  for (GraspChoice& choice : choices) {
    choice.cost = choice.habit + BeyondAsGood(choice.around, least);
  }
  std::stable_sort(choices.begin(), choices.end(),
                   [](const GraspChoice& a, const GraspChoice& b) { return a.cost < b.cost; });
  return choices;
}

std::optional<PlaceOption> Transfer::BestPlace() const {
  const Pose now = world_.PoseOf(item_), hand = arm_.hand();
  const Pose local{now.R.transpose() * (hand.p - now.p), now.R.transpose() * hand.R};
  const std::vector<PlaceOption> options = PlaceOptions(world_, spec_, item_, target_, local);
  std::vector<double> around;  // what stands around costs each of them
  double least = std::numeric_limits<double>::infinity();
  for (const PlaceOption& option : options) {
    around.push_back(AroundPlace(option, local, world_.Opening() + kReleaseOpening, now));
    least = std::min(least, around.back());
  }
  std::optional<PlaceOption> best;
  double lowest = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < options.size(); ++i) {
    const double cost = options[i].cost + BeyondAsGood(around[i], least);
    if (cost >= lowest) continue;
    lowest = cost;
    best = options[i];
  }
  return best;
}

bool Transfer::Held() const {
  const Pose root = world_.PoseOf(item_), hand = arm_.hand();
  const double moved = std::abs((hand.p - root.p).norm() - held_.p.norm());
  return moved < kLost && world_.Opening() > kMinHeld;
}

Pose Transfer::HandFor(const Pose& root) const {
  // the offset is measured now, so that slip and lag do not add up
  const Pose now = world_.PoseOf(item_);
  return {root.p + (arm_.hand().p - now.p), root.R * held_root_.transpose() * held_hand_};
}

void Transfer::Grasped() {
  const Pose root = world_.PoseOf(item_), hand = arm_.hand();
  held_ = {root.R.transpose() * (hand.p - root.p), root.R.transpose() * hand.R};
  held_hand_ = hand.R;
  held_root_ = root.R;
}

size_t Transfer::NextOf(const GraspChoice& choice) const {
  const Pose root = world_.PoseOf(item_), grasp = root * choice.local;
  const auto before = [&](double back) { return Pose{grasp.p - back * grasp.R.col(2), grasp.R}; };
  const Pose way[] = {before(WayLength(grasp)), before(kAbove), grasp};
  const size_t next = NextWaypoint(arm_.hand(), way);
  // fingers that are not open pass the object only where they are about to close on it
  const double opening = world_.Opening();
  const bool there = (arm_.hand().p - grasp.p).norm() < kAtGrasp && opening > kAjar;
  return opening > kOpenEnough || there ? next : 0;
}

std::optional<GraspChoice> Transfer::OnTheWayTo(const std::vector<GraspChoice>& choices) const {
  for (const GraspChoice& choice : choices) {
    if (choice.cost > choices.front().cost + kUnderWay) break;
    if (NextOf(choice) > 0) return choice;
  }
  return {};
}

Script Transfer::Pick() {
  const std::vector<GraspChoice> choices = RankedGrasps();
  if (choices.empty()) co_return false;
  const GraspChoice choice = OnTheWayTo(choices).value_or(choices.front());
  const Matrix3d R = world_.PoseOf(item_).R * choice.local.R;
  const auto at = [this, choice, R](double back) {
    return Pose{world_.PoseOf(item_) * choice.local.p - back * R.col(2), R};
  };
  const double way = WayLength(at(0));
  Arm::Goal above = [at, way] { return at(way); };
  Arm::Goal near = [at] { return at(kAbove); };
  Arm::Goal grasp = [at] { return at(0); };
  const size_t next = NextOf(choice);
  if (next == 0) co_await Travel(arm_, above, {.max_steps = 70}, nullptr, {});
  if (next <= 1) co_await arm_.Go(near, {.tolerance = 0.008, .max_steps = 40});
  co_await arm_.Go(grasp, {.speed = 0.6, .tolerance = 0.005, .max_steps = 40});
  if ((arm_.hand().p - grasp().p).norm() > 0.015) {
    failed_.insert(choice.id);
    co_await Retreat(arm_, -R.col(2), 0.08, kOpen);
    co_return false;
  }
  co_await arm_.Close();
  const double height = world_.PoseOf(item_).p.z();
  Grasped();
  co_await LiftAway();
  if (Held() && world_.PoseOf(item_).p.z() > height + 0.02) co_return true;
  failed_.insert(choice.id);
  co_await arm_.Release();
  co_await Retreat(arm_, Vector3d::UnitZ(), 0.06, kOpen);
  co_return false;
}

// Up; where something hangs over the hand or the object, first out from under it.
Script Transfer::LiftAway() {
  const Pose hand = arm_.hand();
  const Vector3d aside = AsideToRise(world_, hand, &item_);
  const auto lost = [this] { return !Held(); };
  Vector3d from = hand.p;
  if (aside.norm() > 0) {
    const Pose beside{hand.p + aside, hand.R};
    co_await arm_.Go([=] { return beside; }, {.speed = 0.6, .tolerance = 0.015, .grip = kClosed},
                     lost);
    from = beside.p;
  }
  const Pose up{from + Vector3d(0, 0, kLift), hand.R};
  co_await arm_.Go([=] { return up; }, {.speed = 0.9, .tolerance = 0.03, .grip = kClosed}, lost);
  co_return Held();
}

Script Transfer::Place() {
  const std::optional<PlaceOption> best = BestPlace();
  if (!best) co_return false;
  const PlaceOption option = *best;
  const auto root_at = [option](double before) {
    return Pose{option.item.p - before * option.entry, option.item.R};
  };
  const Vector3d moves_with =
      target_.owner() ? world_.PoseOf(*target_.owner()).p : Vector3d(0, 0, 0);
  const auto hand_at = [=, this](double before) {
    Pose root = root_at(before);
    if (target_.item) root.p += world_.PoseOf(*target_.item).p - moves_with;
    return HandFor(root);
  };
  const auto lost = [this] { return !Held(); };
  Arm::Goal start = [=] { return hand_at(option.entry_length); };
  Arm::Goal close_by = [=] { return hand_at(0.03); };
  Arm::Goal end = [=] { return hand_at(0); };
  const Motion carry{.speed = 0.9, .max_steps = 90, .grip = kClosed, .turn = 0.7};
  const bool precise = spec_.kind == PlaceKind::kSlot;
  const Pose way[] = {hand_at(option.entry_length), hand_at(0)};
  if (precise || NextWaypoint(arm_.hand(), way) == 0) {
    // into a microwave one goes below its top
    if (spec_.kind != PlaceKind::kMicrowave) co_await Travel(arm_, start, carry, &item_, lost);
    if (lost()) co_return false;
    co_await arm_.Go(start,
                     {.speed = 0.8,
                      .tolerance = precise ? 0.003 : 0.010,
                      .angle = precise ? 0.02 : 0.06,
                      .max_steps = 40,
                      .grip = kClosed},
                     lost);
  }
  const auto touches = [=, this] {
    if (lost()) return true;
    const double left = option.entry.dot(option.item.p - world_.PoseOf(item_).p);
    return left < option.early && world_.TouchesScene(item_);
  };
  co_await arm_.Go(close_by, {.speed = 0.6, .tolerance = 0.010, .max_steps = 50, .grip = kClosed},
                   touches);
  co_await arm_.Go(end, {.speed = 0.35, .tolerance = 0.004, .max_steps = 40, .grip = kClosed},
                   touches);
  if (lost()) co_return false;
  if (spec_.holds_above) co_await arm_.Wait(12, kClosed);
  co_await LetGo(option.entry.z() < -0.9);
  co_return true;
}

Script Transfer::LetGo(bool from_above) {
  const Pose hand = arm_.hand();
  const double wide = Crowding(world_, hand, kMaxOpening, &item_);
  const double narrow = Crowding(world_, hand, world_.Opening() + kReleaseOpening / 2, &item_);
  const Vector3d away = from_above ? Vector3d(0, 0, 1) : Vector3d(-hand.R.col(2));
  if (wide > narrow + 0.2) {
    // fingers that open all the way would press against what is beside them
    co_await arm_.ReleaseGently();
    co_await Retreat(arm_, away, 0.05, kStay);
  } else {
    co_await arm_.Release();
  }
  co_return co_await Retreat(arm_, away, 0.10, kOpen);
}

Script Transfer::Resume() {
  if (std::abs(world_.OpeningSpeed()) > kStill) co_await arm_.Close();
  Grasped();
  const bool standing = world_.TouchesScene(item_);
  if (standing || Overhead(world_, arm_.hand(), &item_) > kOverheadFree) co_await LiftAway();
  if (Held() && co_await Place()) co_return true;
  co_await arm_.Release();
  co_await Retreat(arm_, Vector3d::UnitZ(), 0.05, kOpen);
  co_return co_await Run();
}

Script Transfer::Run() {
  for (int attempt = 0; attempt < kPickAttempts; ++attempt) {
    if (!co_await Pick()) continue;
    if (co_await Place()) co_return true;
    // dropped on the way
    co_await arm_.Release();
    co_await Retreat(arm_, Vector3d::UnitZ(), 0.05, kOpen);
  }
  co_return false;
}

}  // namespace vega
