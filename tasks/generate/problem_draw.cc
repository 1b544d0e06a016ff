#include "tasks/generate/problem_draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "sim/base/error.h"
#include "tasks/bddl/problem_parts.h"
#include "tasks/generate/object_facts.h"
#include "tasks/generate/other_thing.h"
#include "tasks/generate/place_words.h"

namespace vega {
namespace {

constexpr double kNearest = 0.40, kFurthest = 0.74;  // m, from the robot's base
constexpr double kWidest = 0.30;                     // m, to either side
constexpr double kFixtureRadius = 0.17;              // m
constexpr double kSpot = 0.01;                       // m, half side of an object's region
constexpr int kTries = 300;

bool Is(const std::string& category, const Categories& names) {
  return std::find(names.begin(), names.end(), category) != names.end();
}

// A goal the scene offers and how one asks for it.
struct Offer {
  BddlPredicate goal;
  std::string words;  // "turn on the stove"; of what moves where it goes, "on the plate"
  std::string moved;  // object, or empty
  std::string thing;  // what moves, "the butter"
  std::string place;  // "next to the plate", which of two alike is meant; or empty
};

class Draw {
 public:
  Draw(const BddlProblem& base, const DrawOptions& options, RandomStream& random)
      : known_(base), problem_(base), options_(options), random_(random) {}

  std::optional<DrawnProblem> Make() {
    problem_.goal.clear();
    problem_.obj_of_interest.clear();
    if (options_.places == Places::kDrawn && !ReplaceAll()) return std::nullopt;
    if (options_.places == Places::kOwn) DrawSizes();
    if (!AskOfAnother() && !ChooseGoal()) return std::nullopt;
    DrawnProblem drawn{.bddl = problem_};
    if (options_.places == Places::kDrawn) drawn.variation = DrawVariation();
    drawn.name = problem_.goal.front().name;
    for (const std::string& arg : problem_.goal.front().args) drawn.name += "_" + arg;
    return drawn;
  }

 private:
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[random_.Below(static_cast<uint32_t>(from.size()))];
  }
  bool Chance(double p) { return random_.Uniform() < p; }

  // other objects at other places; false when there is no room
  bool ReplaceAll() {
    workspace_ = WorkspaceName();
    if (workspace_.empty()) return false;
    DropInit();
    ReplaceObjects();
    AddDistractors();
    DrawSizes();
    return !problem_.objects.empty() && PlaceObjects();
  }

  // the fixture that carries the regions things are placed in
  std::string WorkspaceName() const {
    for (const BddlPredicate& p : problem_.init) {
      if (p.name != "on") continue;
      const BddlRegion* region = FindRegion(problem_, p.args[1]);
      if (region && !region->ranges.empty()) return region->target;
    }
    return {};
  }

  bool IsObject(const std::string& name) const {
    return std::any_of(problem_.objects.begin(), problem_.objects.end(),
                       [&](const BddlInstance& one) { return one.name == name; });
  }

  // only fixtures keep their places and states
  void DropInit() {
    std::erase_if(problem_.init, [&](const BddlPredicate& p) { return IsObject(p.args[0]); });
    std::erase_if(problem_.regions, [&](const BddlRegion& r) { return IsObject(r.target); });
  }

  void ReplaceObjects() {
    constexpr size_t kMostObjects = 6;
    for (int i = 0; i < kTries && problem_.objects.size() > kMostObjects; ++i) {
      const auto at = random_.Below(static_cast<uint32_t>(problem_.objects.size()));
      if (!Is(problem_.objects[at].category, {"basket", "wooden_tray", "plate"})) {
        problem_.objects.erase(problem_.objects.begin() + at);
      }
    }
    for (BddlInstance& object : problem_.objects) {
      if (!Chance(0.4)) continue;
      for (const Categories& role : StandIns()) {
        if (Is(object.category, role)) object.category = Pick(role);
      }
    }
    Rename();
  }

  void AddDistractors() {
    static const Categories kinds = {"butter",           "cream_cheese", "cookies",
                                     "alphabet_soup",    "bbq_sauce",    "ketchup",
                                     "chocolate_pudding"};
    for (uint32_t n = random_.Below(3); n > 0; --n) problem_.objects.push_back({"", Pick(kinds)});
    Rename();
  }

  // each category's instances are numbered from 1
  void Rename() {
    std::map<std::string, int> count;
    for (BddlInstance& object : problem_.objects) {
      object.name = fmt::format("{}_{}", object.category, ++count[object.category]);
    }
  }

  // as likely larger as smaller, each object by itself
  void DrawSizes() {
    if (options_.sizes == 0) return;
    const double most = std::log1p(options_.sizes);
    for (BddlInstance& object : problem_.objects) {
      object.size = Rounded(std::exp(random_.Uniform(-most, most)));
    }
  }

  struct Circle {
    double x, y, radius;  // m
  };

  static double RadiusOf(const BddlInstance& object) {
    return object.size * FreeRadius(object.category);
  }

  bool PlaceObjects() {
    std::vector<Circle> taken;
    for (const BddlPredicate& p : problem_.init) {
      if (p.name != "on") continue;
      const BddlRegion* region = FindRegion(problem_, p.args[1]);
      if (!region || region->ranges.empty()) continue;
      const auto& r = region->ranges[0];
      taken.push_back({(r[0] + r[2]) / 2, (r[1] + r[3]) / 2, kFixtureRadius});
    }
    // the largest first, while there is room
    std::vector<BddlInstance> objects = problem_.objects;
    std::stable_sort(objects.begin(), objects.end(),
                     [](const auto& a, const auto& b) { return RadiusOf(a) > RadiusOf(b); });
    const double robot = RobotX(problem_.problem_name);
    for (const BddlInstance& object : objects) {
      const double radius = RadiusOf(object);
      bool placed = false;
      for (int i = 0; i < kTries && !placed; ++i) {
        const double x = random_.Uniform(robot + 0.35, robot + kFurthest);
        const double y = random_.Uniform(-kWidest, kWidest);
        const double out = std::hypot(x - robot, y);
        if (out < kNearest || out > kFurthest - radius / 2) continue;
        placed = std::all_of(taken.begin(), taken.end(), [&](const Circle& c) {
          return std::hypot(c.x - x, c.y - y) > c.radius + radius + 0.015;
        });
        if (placed) taken.push_back({x, y, radius});
      }
      if (!placed) return false;
      const Circle& at = taken.back();
      BddlRegion region{.name = object.name + "_init_region", .target = workspace_};
      region.ranges = {{Rounded(at.x - kSpot), Rounded(at.y - kSpot), Rounded(at.x + kSpot),
                        Rounded(at.y + kSpot)}};
      problem_.init.push_back({"on", {object.name, region.full_name()}});
      problem_.regions.push_back(region);
    }
    return true;
  }

  static double Rounded(double value) { return std::round(value * 1e4) / 1e4; }

  std::vector<Offer> Offers() const {
    std::vector<Offer> offers;
    const Categories small = {"butter",       "cream_cheese", "chocolate_pudding", "alphabet_soup",
                              "tomato_sauce", "ketchup",      "salad_dressing",    "bbq_sauce",
                              "milk",         "orange_juice", "akita_black_bowl",  "white_bowl"};
    const Categories &mugs = Mugs(), &boxes = Boxes();
    std::map<std::string, int> count;
    for (const BddlInstance& object : problem_.objects) ++count[object.category];
    for (const BddlInstance& object : problem_.objects) {
      std::string place;
      if (count[object.category] > 1) {  // the words have to say which
        if (options_.places == Places::kOwn) place = PlaceWords(problem_, object.name);
        if (place.empty()) continue;
      }
      const std::string& what = object.category;
      const auto offer = [&](const char* predicate, const std::string& target,
                             const std::string& where) {
        offers.push_back({.goal = {predicate, {object.name, target}},
                          .words = where,
                          .moved = object.name,
                          .thing = "the " + Words(what),
                          .place = place});
      };
      for (const BddlInstance& target : problem_.objects) {
        if (target.name == object.name || count[target.category] > 1) continue;
        if (target.category == "plate" &&
            (Is(what, small) || Is(what, mugs) || what == "wine_bottle")) {
          offer("on", target.name, "on the plate");
        }
        if (Is(target.category, Bowls()) && (Is(what, boxes) || what == "wine_bottle")) {
          offer("on", target.name, fmt::format("in the {}", Words(target.category)));
        }
        if (target.category == "basket" && Is(what, small)) {
          offer("in", target.name + "_contain_region", "in the basket");
        }
        if (target.category == "wooden_tray" && Is(what, small)) {
          offer("in", target.name + "_contain_region", "in the tray");
        }
      }
      for (const BddlInstance& target : problem_.fixtures) {
        const bool cabinet = Is(target.category, {"wooden_cabinet", "white_cabinet"});
        if (cabinet && (Is(what, small) || Is(what, {"wine_bottle", "plate"}))) {
          offer("on", target.name + "_top_side", "on top of the cabinet");
        }
        if (cabinet && Is(what, {"butter", "cream_cheese", "akita_black_bowl", "white_bowl"})) {
          offer("in", target.name + "_top_region", "in the top drawer of the cabinet");
        }
        if (target.category == "flat_stove" &&
            Is(what, {"akita_black_bowl", "moka_pot", "chefmate_8_frypan", "plate"})) {
          offer("on", target.name + "_cook_region", "on the stove");
        }
        if (target.category == "wine_rack" && (Is(what, boxes) || what == "wine_bottle")) {
          offer("on", target.name + "_top_region", "on the wine rack");
        }
        if (target.category == "wooden_two_layer_shelf" && Is(what, {"white_bowl"})) {
          offer("on", target.name + "_top_side", "on top of the shelf");
        }
        if (target.category == "desk_caddy" && what == "black_book") {
          offer("in", target.name + "_front_contain_region", "in the front compartment");
          offer("in", target.name + "_left_contain_region", "in the left compartment");
        }
      }
    }
    for (const BddlInstance& fixture : problem_.fixtures) {
      if (Is(fixture.category, {"wooden_cabinet", "white_cabinet"})) {
        for (const char* level : {"top", "middle", "bottom"}) {
          const std::string region = fmt::format("{}_{}_region", fixture.name, level);
          const bool open = StartsTrue(problem_, {"open", {region}});
          offers.push_back(
              {{open ? "close" : "open", {region}},
               fmt::format("{} the {} drawer of the cabinet", open ? "close" : "open", level)});
        }
      }
      const bool lit = StartsTrue(problem_, {"turnon", {fixture.name}});
      if (fixture.category == "flat_stove") {
        offers.push_back({{lit ? "turnoff" : "turnon", {fixture.name}},
                          fmt::format("turn {} the stove", lit ? "off" : "on")});
      }
    }
    // where something is already is nothing to ask for
    std::erase_if(offers, [&](const Offer& offer) { return StartsTrue(problem_, offer.goal); });
    return offers;
  }

  // Where things keep their places half of the draws want the known goal of another thing: it is
  // what the scene suggests least.
  bool AskOfAnother() {
    if (options_.places != Places::kOwn || known_.goal.empty()) return false;
    std::vector<Offer> alike, other;
    for (const Offer& offer : Offers()) {
      const BddlPredicate& goal = known_.goal.front();
      const bool same = offer.goal.args.back() == goal.args.back();
      (same ? alike : other).push_back(offer);
      if (same && offer.goal.args[0] == goal.args[0]) alike.pop_back();
    }
    const bool all_are_alike = other.empty() && !alike.empty() && known_.goal.size() == 1;
    if (all_are_alike || Chance(0.5)) return false;
    if (const auto exchanged = WithOtherThings(known_); !exchanged.empty()) {
      const BddlProblem& one = Pick(exchanged);
      problem_.goal = one.goal;
      problem_.obj_of_interest = one.obj_of_interest;
      problem_.language = one.language;
      return true;
    }
    // two bowls: the words have to say which
    if (alike.empty()) return false;
    const Offer& one = Pick(alike);
    Take(one);
    problem_.language = Phrase(one);
    return true;
  }

  bool ChooseGoal() {
    const std::vector<Offer> offers = Offers();
    if (offers.empty()) return false;
    const Offer first = Pick(offers);
    Take(first);
    problem_.language = Phrase(first);
    if (!Chance(0.3)) return true;
    std::vector<Offer> more;
    for (const Offer& offer : offers) {
      // another thing, to or with something else, or into the same basket
      const bool roomy = first.goal.args.back().ends_with("_contain_region");
      const bool apart = (roomy || offer.goal.args.back() != first.goal.args.back()) &&
                         offer.goal.args[0] != first.goal.args[0] &&
                         (offer.moved.empty() || offer.moved != first.goal.args.back()) &&
                         (first.moved.empty() || first.moved != offer.goal.args.back());
      // what the first goal moves would no longer be where the words of the second say
      const bool places_twice = !first.place.empty() && !offer.place.empty();
      const bool cabinet_twice = offer.goal.args.back().find("cabinet") != std::string::npos &&
                                 first.goal.args.back().find("cabinet") != std::string::npos;
      if (apart && !cabinet_twice && !places_twice) more.push_back(offer);
    }
    if (more.empty()) return true;
    const Offer second = Pick(more);
    Take(second);
    problem_.language += " and " + Phrase(second);
    return true;
  }

  void Take(const Offer& offer) {
    problem_.goal.push_back(offer.goal);
    for (const std::string& arg : offer.goal.args) {
      problem_.obj_of_interest.push_back(arg);
      AddRegion(arg);
    }
  }

  // a region of an object or fixture must be declared to be named
  void AddRegion(const std::string& name) {
    if (FindInstance(problem_, name) || FindRegion(problem_, name)) return;
    for (const auto* list : {&problem_.fixtures, &problem_.objects}) {
      for (const BddlInstance& one : *list) {
        if (!name.starts_with(one.name + "_")) continue;
        problem_.regions.push_back({.name = name.substr(one.name.size() + 1), .target = one.name});
        return;
      }
    }
  }

  std::string Phrase(const Offer& offer) {
    if (offer.moved.empty()) return offer.words;
    if (!offer.place.empty()) {
      const Categories verbs = {"put", "place", "set"};
      return fmt::format("pick up {} {} and {} it {}", offer.thing, offer.place, Pick(verbs),
                         offer.words);
    }
    const Categories verbs = {"put", "place", "set", "move", "pick up and put"};
    return fmt::format("{} {} {}", Pick(verbs), offer.thing, offer.words);
  }

  Variation DrawVariation() {
    Variation v;
    for (double& shift : v.camera_shift) shift = Rounded(random_.Uniform(-0.03, 0.03));
    v.camera_turn = Rounded(random_.Uniform(-0.04, 0.04));
    v.light = Rounded(random_.Uniform(0.7, 1.3));
    for (double& joint : v.arm) joint = Rounded(0.02 * random_.Normal());
    return v;
  }

  const BddlProblem& known_;
  BddlProblem problem_;
  DrawOptions options_;
  RandomStream& random_;
  std::string workspace_;
};

}  // namespace

Places ParsePlaces(const std::string& name) {
  if (name == "drawn") return Places::kDrawn;
  if (name == "own") return Places::kOwn;
  throw Error(fmt::format("places of problems are \"{}\"", name), "they are drawn or own");
}

std::optional<DrawnProblem> DrawProblem(const BddlProblem& base, const DrawOptions& options,
                                        RandomStream& random) {
  return Draw(base, options, random).Make();
}

}  // namespace vega
