// The table of categories, by LIBERO's families of object classes.

#include "tasks/scene/object_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <numbers>

#include "sim/base/error.h"
#include "sim/base/nearest_names.h"

namespace vega {
namespace {

constexpr double kHalfPi = std::numbers::pi / 2;
constexpr double kPi = std::numbers::pi;

// a rotation attribute of LIBERO's classes: one range about an axis, or a dict of them
struct Rotation {
  std::vector<RotationDraw> draws;
  bool is_dict = false;
};

struct Catalog {
  std::vector<ObjectCategory> categories;

  // categories whose file is folder/name/name.xml
  void Add(const std::string& folder, const Rotation& rotation,
           std::initializer_list<const char*> names) {
    for (const std::string name : names) {
      categories.push_back({.name = name,
                            .xml = fmt::format("{}/{}/{}.xml", folder, name, name),
                            .rotations = rotation.draws,
                            .rotation_is_dict = rotation.is_dict});
    }
  }

  // categories whose file is articulated_objects/name.xml
  void AddArticulated(const Rotation& rotation, const Articulation& articulation,
                      std::initializer_list<const char*> names, bool tracks_visual_state = false) {
    for (const std::string name : names) {
      categories.push_back({.name = name,
                            .xml = fmt::format("articulated_objects/{}.xml", name),
                            .rotations = rotation.draws,
                            .rotation_is_dict = rotation.is_dict,
                            .articulation = articulation,
                            .tracks_visual_state = tracks_visual_state});
    }
  }
};

// LIBERO's envs/objects/hope_objects.py
void AddGroceries(Catalog& catalog) {
  const Rotation flat = {{{'x', 0, 0}}};
  const Rotation quarter_x = {{{'x', kHalfPi, kHalfPi}}};
  const Rotation quarter_z = {{{'z', kHalfPi, kHalfPi}}};
  const Rotation quarter_xz = {{{'x', kHalfPi, kHalfPi}, {'z', kHalfPi, kHalfPi}}, true};
  const char* folder = "stable_hope_objects";
  catalog.Add(folder, flat,
              {"butter", "green_butter", "chocolate_pudding", "green_chocolate_pudding",
               "cream_cheese", "red_cream_cheese", "popcorn"});
  catalog.Add(folder, quarter_x,
              {"bbq_sauce", "green_bbq_sauce", "cherries", "cookies", "yellow_cookies", "corn"});
  catalog.Add(folder, quarter_z,
              {"alphabet_soup", "bigger_alphabet_soup", "red_alphabet_soup", "tomato_sauce",
               "yellow_tomato_sauce", "blue_ketchup", "bigger_milk", "yellow_milk"});
  catalog.Add(folder, quarter_xz,
              {"ketchup", "green_ketchup", "macaroni_and_cheese", "mayo", "milk", "orange_juice",
               "red_orange_juice", "salad_dressing", "new_salad_dressing", "red_salad_dressing"});
}

// LIBERO's envs/objects/google_scanned_objects.py
void AddScanned(Catalog& catalog) {
  const char* folder = "stable_scanned_objects";
  catalog.Add(folder, {{{'x', kHalfPi, kHalfPi}}},
              {"white_bowl", "akita_black_bowl", "yellow_bowl", "black_bowl",
               "red_akita_black_bowl", "bigger_akita_black_bowl", "plate", "yellow_plate", "basket",
               "red_basket", "chefmate_8_frypan", "glazed_rim_porcelain_ramekin", "red_ramekin"});
  catalog.Add(folder, {{{'x', 0, 0}}}, {"simple_rack"});
  catalog.categories.back().name = "rack";
}

// LIBERO's envs/objects/turbosquid_objects.py
void AddTurbosquid(Catalog& catalog) {
  const char* folder = "turbosquid_objects";
  catalog.Add(folder, {{{'x', 0, 0}}},
              {"wooden_tray", "wooden_shelf", "wooden_two_layer_shelf", "wine_rack", "brown_rack",
               "wine_rack_stand", "wine_bottle", "white_bottle", "dining_set_group", "bowl_drainer",
               "moka_pot", "yellow_moka_pot", "desk_caddy", "yellow_desk_caddy"});
  catalog.Add(folder, {{{'y', 0, 0}}}, {"white_storage_box"});
  catalog.Add(folder, {{{'x', -kHalfPi, -kPi / 4}}}, {"black_book", "yellow_book"});
  catalog.Add(folder, {{{'x', -kHalfPi, -kHalfPi}}},
              {"red_coffee_mug", "porcelain_mug", "white_porcelain_mug", "white_yellow_mug",
               "red_yellow_book"});
}

// LIBERO-PRO's envs/objects/self_designed_object.py
void AddCustom(Catalog& catalog) {
  const char* folder = "custom_objects";
  catalog.Add(folder, {{{'x', 0, 0}, {'y', 0, 0}, {'z', 0, 0}}, true},
              {"red_sticker", "blue_red_sticker"});
  catalog.Add(folder, {{{'x', -kHalfPi, -kHalfPi}, {'y', -kPi, -kPi}, {'z', kPi, kPi}}, true},
              {"red_box", "libero_mug_yellow", "libero_mug_green"});
}

// LIBERO's envs/objects/articulated_objects.py
void AddArticulated(Catalog& catalog) {
  using Range = std::pair<double, double>;
  const Rotation tilted = {{{'x', kPi / 4, kHalfPi}}};
  catalog.AddArticulated(tilted,
                         {.open_below = -0.14,
                          .close_above = 0.0,
                          .open_range = Range{-0.16, -0.14},
                          .close_range = Range{0.0, 0.005}},
                         {"wooden_cabinet", "yellow_cabinet", "white_cabinet"});
  catalog.AddArticulated(tilted,
                         {.open_below = -1.3,
                          .close_above = -0.005,
                          .open_range = Range{-2.094, -1.3},
                          .close_range = Range{-0.005, 0.0}},
                         {"microwave"});
  catalog.AddArticulated(tilted,
                         {.open_above = 0.10,
                          .close_below = 0.0,
                          .open_range = Range{0.10, 0.16},
                          .close_range = Range{-0.005, 0.0}},
                         {"short_cabinet"});
  catalog.AddArticulated(tilted,
                         {.open_above = 2.0,
                          .close_below = 0.0,
                          .open_range = Range{2.0, 2.7},
                          .close_range = Range{-0.005, 0.0}},
                         {"short_fridge"});
  catalog.AddArticulated({{{'y', 0, 0}}},
                         {.turn_on_from = 0.5,
                          .turn_off_below = 0.0,
                          .turn_on_range = Range{0.5, 2.1},
                          .turn_off_range = Range{-0.005, 0.0}},
                         {"flat_stove", "yellow_stove"}, true);
  catalog.AddArticulated(tilted, {}, {"slide_cabinet", "window", "faucet", "basin_faucet"});
}

std::vector<ObjectCategory> MakeCategories() {
  Catalog catalog;
  AddGroceries(catalog);
  AddScanned(catalog);
  AddTurbosquid(catalog);
  AddCustom(catalog);
  AddArticulated(catalog);
  std::sort(catalog.categories.begin(), catalog.categories.end(),
            [](const ObjectCategory& a, const ObjectCategory& b) { return a.name < b.name; });
  return std::move(catalog.categories);
}

}  // namespace

const std::vector<ObjectCategory>& AllCategories() {
  static const std::vector<ObjectCategory> categories = MakeCategories();
  return categories;
}

const ObjectCategory& FindCategory(const std::string& name) {
  const auto& all = AllCategories();
  const auto found =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const ObjectCategory& c, const std::string& n) { return c.name < n; });
  if (found != all.end() && found->name == name) return *found;
  std::vector<std::string> names;
  for (const ObjectCategory& category : all) names.push_back(category.name);
  throw Error(fmt::format("unknown category \"{}\"", name), DidYouMean(name, names));
}

}  // namespace vega
