// The order of random numbers in a reset (libero/envs/bddl_base_domain.py, _reset_internal;
// libero/envs/regions/; robosuite/utils/placement_samplers.py):
//
//   7 normals          arm noise, which LIBERO scales to nothing
//   joint values       every Open, Close, TurnOn, TurnOff of :init, as often as it was loaded
//   a variation        where it is asked for: the pairs that trade, then dx, dy of each object
//   placements         per spot: region, x, y until the place is free, then the rotation

#include "tasks/reset/reset_sampler.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "sim/base/error.h"
#include "tasks/reset/numpy_linalg.h"
#include "tasks/reset/numpy_random.h"
#include "tasks/reset/start_variation.h"

namespace vega {
namespace {

constexpr int kArmNoiseDraws = 7;
constexpr int kPlaceTries = 5000;     // LIBERO's own
constexpr int kResetTries = 1000;     // LIBERO's evaluators would try forever
constexpr double kObjectLift = 0.01;  // m, of an object above a workspace or another object

class LiberoResetSampler : public ResetSampler {
 public:
  LiberoResetSampler(std::shared_ptr<const ResetPlan> plan, ModelPtr model,
                     const StartVariation& variation)
      : plan_(std::move(plan)), model_(std::move(model)), variation_(variation) {
    const bool at_sites = std::any_of(plan_->spots.begin(), plan_->spots.end(),
                                      [](const SpotDraw& spot) { return spot.site >= 0; });
    if (at_sites) data_.reset(mj_makeData(model_.get()));
  }

  void Seed(uint32_t seed) override { random_.Seed(seed); }

  ResetPlacement Sample() override {
    for (int i = 0; i < kResetTries; ++i) {
      if (std::optional<ResetPlacement> placement = TrySample()) return *std::move(placement);
    }
    throw Error("no reset found in which nothing overlaps",
                "the task's regions are too small, or its starts are to vary too much");
  }

 private:
  // a placed object, with the quaternion in the slots LIBERO stores it in
  struct Placed {
    Vector3 pos;                   // m, world
    std::array<double, 4> quat{};  // w,x,y,z slots
  };

  std::optional<ResetPlacement> TrySample() {
    ++loads_;
    ResetPlacement placement;
    for (int i = 0; i < kArmNoiseDraws; ++i) random_.Normal();
    DrawProperties(placement);
    MoveToOrigin(placement);

    placed_.clear();
    if (variation_.any()) varied_ = Varied(plan_->spots, variation_, random_);
    for (const SpotDraw& spot : variation_.any() ? varied_ : plan_->spots) {
      const std::optional<Vector3> pos = DrawPosition(spot);
      if (!pos) return std::nullopt;
      placed_.push_back({*pos, DrawRotation(spot)});
      placement.poses.push_back(ToPose(spot, placed_.back()));
    }
    return placement;
  }

  // every load of the scene registers the samplers of :init once more, and later values overwrite
  // earlier ones
  void DrawProperties(ResetPlacement& placement) {
    for (int load = 0; load < loads_; ++load) {
      for (const PropertyDraw& draw : plan_->properties) {
        const double value = random_.Uniform(draw.lo, draw.hi);
        if (load + 1 < loads_) continue;
        for (int address : draw.qposadr) placement.joints.emplace_back(address, value);
      }
    }
  }

  // sites are measured with everything at its compiled pose and the drawn joints set
  void MoveToOrigin(const ResetPlacement& placement) {
    if (!data_) return;
    mj_resetData(model_.get(), data_.get());
    for (const auto& [address, value] : placement.joints) data_->qpos[address] = value;
    mj_kinematics(model_.get(), data_.get());
  }

  std::optional<Vector3> DrawPosition(const SpotDraw& spot) {
    const Origin origin = FindOrigin(spot);
    const bool fixture = spot.kind == SpotKind::kFixtureOnWorkspace;
    const bool keep_clear = !fixture && spot.kind != SpotKind::kOnObject;
    for (int i = 0; i < kPlaceTries; ++i) {
      const auto& [x0, y0, x1, y1] =
          spot.ranges[random_.Below(static_cast<uint32_t>(spot.ranges.size()))];
      const double x = random_.Uniform(x0, x1) + origin.base[0] + origin.site[0];
      const double y = random_.Uniform(y0, y1) + origin.base[1] + origin.site[1];
      const double z = origin.lift + origin.base[2] + origin.site[2] - spot.bottom_z;
      const Vector3 pos = {x, y, z};
      if (!keep_clear || IsFree(spot, pos)) return pos;
    }
    return std::nullopt;
  }

  // a position is a draw + base + site, plus lift in z, all in m
  struct Origin {
    Vector3 base{};
    Vector3 site{};
    double lift = 0;
  };

  Origin FindOrigin(const SpotDraw& spot) const {
    switch (spot.kind) {
      case SpotKind::kFixtureOnWorkspace:
        return {plan_->workspace_offset, {}, plan_->fixture_z_offset};
      case SpotKind::kObjectOnWorkspace:
        return {plan_->workspace_offset, {}, kObjectLift};
      case SpotKind::kOnObject:
        return {TopOf(spot.reference), {}, kObjectLift};
      case SpotKind::kOnSite:
        return {TopOf(spot.reference), SiteOffset(spot), 0};
      case SpotKind::kInSite:
        return {placed_[spot.reference].pos, SiteOffset(spot), 0};
    }
    return {};
  }

  Vector3 TopOf(int reference) const {
    Vector3 pos = placed_[reference].pos;
    pos[2] += plan_->spots[reference].top_z;
    return pos;
  }

  // the site turned with its owner, as if the owner had been compiled at the origin
  Vector3 SiteOffset(const SpotDraw& spot) const {
    const auto& [w, x, y, z] = placed_[spot.reference].quat;
    const mjtNum* site = data_->site_xpos + 3 * spot.site;
    return Multiply(QuatToMatrix({x, y, z, w}), {site[0], site[1], site[2]});
  }

  bool IsFree(const SpotDraw& spot, const Vector3& pos) const {
    for (size_t i = 0; i < placed_.size(); ++i) {
      const SpotDraw& other = plan_->spots[i];
      const Vector3& other_pos = placed_[i].pos;
      if (Norm(pos[0] - other_pos[0], pos[1] - other_pos[1]) <= other.radius + spot.radius &&
          pos[2] - other_pos[2] <= other.top_z - spot.bottom_z) {
        return false;
      }
    }
    return true;
  }

  std::array<double, 4> DrawRotation(const SpotDraw& spot) {
    if (spot.kind == SpotKind::kFixtureOnWorkspace) {
      const RotationDraw& yaw = spot.rotations[0];
      const double half = DrawAngle(yaw) / 2;
      return {std::cos(half), 0, 0, std::sin(half)};
    }
    // built as x,y,z,w and stored into w,x,y,z slots: LIBERO's objects lie as this leaves them
    std::array<double, 4> quat = {0, 0, 0, 1};
    for (const RotationDraw& draw : spot.rotations) {
      const double half = DrawAngle(draw) / 2;
      std::array<double, 4> turn = {0, 0, 0, std::cos(half)};
      turn[draw.axis - 'x'] = std::sin(half);
      quat = spot.rotation_is_dict ? QuatMultiply(turn, quat) : turn;
    }
    return quat;
  }

  double DrawAngle(const RotationDraw& draw) {
    return random_.Uniform(std::min(draw.lo, draw.hi), std::max(draw.lo, draw.hi));
  }

  static ResetPlacement::Pose ToPose(const SpotDraw& spot, const Placed& placed) {
    ResetPlacement::Pose pose;
    pose.body = spot.body;
    pose.qposadr = spot.qposadr;
    std::copy(placed.pos.begin(), placed.pos.end(), pose.pos);
    std::copy(placed.quat.begin(), placed.quat.end(), pose.quat);
    return pose;
  }

  struct DeleteData {
    void operator()(mjData* data) const { mj_deleteData(data); }
  };

  std::shared_ptr<const ResetPlan> plan_;
  ModelPtr model_;
  StartVariation variation_;
  std::unique_ptr<mjData, DeleteData> data_;  // null when nothing is placed at a site
  NumpyRandom random_;
  int loads_ = 1;  // times LIBERO would have loaded the scene; its constructor does once
  std::vector<SpotDraw> varied_;  // of the sample at hand, where starts vary
  std::vector<Placed> placed_;    // of the sample at hand, one per spot so far
};

}  // namespace

std::unique_ptr<ResetSampler> MakeResetSampler(std::shared_ptr<const ResetPlan> plan,
                                               ModelPtr model, const StartVariation& variation) {
  return std::make_unique<LiberoResetSampler>(std::move(plan), std::move(model), variation);
}

}  // namespace vega
