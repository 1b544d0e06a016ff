// Evaluation (libero/envs/predicates/, libero/envs/object_states/,
// libero/envs/objects/site_object.py).

#include "tasks/goal/predicates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vega {
namespace {

constexpr double kOnObjectRadius = 0.03;  // m
constexpr double kOnSiteBelow = 0.005;    // m
constexpr double kOnSiteAbove = 0.10;     // m
constexpr double kInSiteBelow = 0.01;     // m
constexpr double kUpHeight = 1.0;         // m

Vector3 BodyPos(const mjData& data, int body) {
  const mjtNum* p = data.xpos + 3 * body;
  return {p[0], p[1], p[2]};
}

Vector3 SitePos(const mjData& data, int site) {
  const mjtNum* p = data.site_xpos + 3 * site;
  return {p[0], p[1], p[2]};
}

Matrix3 SiteMatrix(const mjData& data, int site) {
  const mjtNum* m = data.site_xmat + 9 * site;
  return {Vector3{m[0], m[1], m[2]}, Vector3{m[3], m[4], m[5]}, Vector3{m[6], m[7], m[8]}};
}

Vector3 Subtract(const Vector3& a, const Vector3& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

// R (p_a - p_s)
Vector3 SiteOffset(const OnSite& on, const mjData& data) {
  return Multiply(SiteMatrix(data, on.site),
                  Subtract(BodyPos(data, on.body_a), SitePos(data, on.site)));
}

struct Evaluate {
  const mjData& data;

  bool operator()(const OnObject& on) const {
    const Vector3 a = BodyPos(data, on.body_a), b = BodyPos(data, on.body_b);
    return b[2] <= a[2] && on.contact.Touches(data) &&
           Norm(b[0] - a[0], b[1] - a[1]) < kOnObjectRadius;
  }

  bool operator()(const OnSite& on) const {
    const Vector3 d = SiteOffset(on, data);
    const Vector3& h = on.half_size;
    return h[2] - kOnSiteBelow < d[2] && d[2] < h[2] + kOnSiteAbove && std::abs(d[0]) < h[0] &&
           std::abs(d[1]) < h[1] && (!on.has_owner || on.contact.Touches(data));
  }

  bool operator()(const InSite& in) const {
    const Vector3 a = BodyPos(data, in.body_a), s = SitePos(data, in.site);
    const Vector3 turned = Multiply(SiteMatrix(data, in.site), in.half_size);
    for (int i = 0; i < 3; ++i) {
      const double half = std::abs(turned[i]);
      const double low = i == 2 ? s[i] - half - kInSiteBelow : s[i] - half;
      if (!(a[i] > low && a[i] < s[i] + half)) return false;
    }
    return true;
  }

  bool operator()(const JointState& state) const { return state.Holds(data); }

  bool operator()(const Up& up) const { return BodyPos(data, up.body_a)[2] >= kUpHeight; }
};

std::string Touching(const ContactPair& contact, const mjData& data) {
  return contact.Touches(data) ? "touching" : "not touching";
}

struct Report {
  const mjData& data;

  std::string operator()(const OnObject& on) const {
    const Vector3 d = Subtract(BodyPos(data, on.body_a), BodyPos(data, on.body_b));
    return fmt::format("dz {:.3f} m, distance {:.3f} of {} m, {}", d[2], Norm(d[0], d[1]),
                       kOnObjectRadius, Touching(on.contact, data));
  }

  std::string operator()(const OnSite& on) const {
    const Vector3 d = SiteOffset(on, data);
    const Vector3& h = on.half_size;
    return fmt::format(
        "dx {:.3f} of {:.3f} m, dy {:.3f} of {:.3f} m, dz {:.3f} in {:.3f}..{:.3f} m{}", d[0], h[0],
        d[1], h[1], d[2], h[2] - kOnSiteBelow, h[2] + kOnSiteAbove,
        on.has_owner ? ", " + Touching(on.contact, data) : "");
  }

  std::string operator()(const InSite& in) const {
    const Vector3 d = Subtract(BodyPos(data, in.body_a), SitePos(data, in.site));
    const Vector3 h = Multiply(SiteMatrix(data, in.site), in.half_size);
    return fmt::format("dx {:.3f} of {:.3f} m, dy {:.3f} of {:.3f} m, dz {:.3f} of {:.3f} m", d[0],
                       std::abs(h[0]), d[1], std::abs(h[1]), d[2], std::abs(h[2]));
  }

  std::string operator()(const JointState& state) const {
    std::string text;
    for (int address : state.qposadr) {
      text += fmt::format("{}joint {:.3f}", text.empty() ? "" : ", ", data.qpos[address]);
    }
    const char* relation = state.kind == JointState::kTurnOn ? ">=" : state.above ? ">" : "<";
    return fmt::format("{}, wanted {} {}", text, relation, state.threshold);
  }

  std::string operator()(const Up& up) const {
    return fmt::format("height {:.3f} of {} m", BodyPos(data, up.body_a)[2], kUpHeight);
  }
};

}  // namespace

bool ContactPair::Touches(const mjData& data) const {
  for (int i = 0; i < data.ncon; ++i) {
    const uint8_t first = groups[data.contact[i].geom[0]];
    const uint8_t second = groups[data.contact[i].geom[1]];
    if (((first & 1) && (second & 2)) || ((first & 2) && (second & 1))) return true;
  }
  return false;
}

bool JointState::Holds(const mjData& data) const {
  const auto holds = [&](int address) {
    const double q = data.qpos[address];
    if (kind == kTurnOn) return q >= threshold;
    return above ? q > threshold : q < threshold;
  };
  const bool any = kind == kOpen || kind == kTurnOn;
  return any ? std::any_of(qposadr.begin(), qposadr.end(), holds)
             : std::all_of(qposadr.begin(), qposadr.end(), holds);
}

bool Predicate::Holds(const mjData& data) const { return std::visit(Evaluate{data}, test); }

std::string Predicate::Measure(const mjData& data) const { return std::visit(Report{data}, test); }

std::optional<GoalRegion> Predicate::Region() const {
  if (const auto* on = std::get_if<OnObject>(&test)) {
    return GoalRegion{.body = on->body_b, .half_size = {kOnObjectRadius, kOnObjectRadius, 0}};
  }
  if (const auto* on = std::get_if<OnSite>(&test)) {
    return GoalRegion{.site = on->site, .half_size = on->half_size};
  }
  if (const auto* in = std::get_if<InSite>(&test)) {
    return GoalRegion{.site = in->site, .half_size = in->half_size};
  }
  return {};
}

}  // namespace vega
