#include "tasks/generate/object_facts.h"

#include <algorithm>
#include <map>

namespace vega {

const Categories& Boxes() {
  static const Categories list = {"cream_cheese", "butter", "chocolate_pudding"};
  return list;
}

const Categories& Mugs() {
  static const Categories list = {"porcelain_mug", "white_yellow_mug", "red_coffee_mug"};
  return list;
}

const Categories& Bowls() {
  static const Categories list = {"akita_black_bowl", "white_bowl"};
  return list;
}

const Categories& Books() {
  static const Categories list = {"black_book", "yellow_book"};
  return list;
}

const std::vector<Categories>& StandIns() {
  static const std::vector<Categories> lists = {{"alphabet_soup", "tomato_sauce"},
                                                {"ketchup", "salad_dressing", "bbq_sauce"},
                                                {"milk", "orange_juice"},
                                                Boxes(),
                                                Mugs(),
                                                Bowls(),
                                                Books()};
  return lists;
}

double FreeRadius(const std::string& category) {
  static const std::map<std::string, double> radii = {{"plate", 0.075},
                                                      {"basket", 0.13},
                                                      {"wooden_tray", 0.17},
                                                      {"white_bowl", 0.05},
                                                      {"chefmate_8_frypan", 0.16},
                                                      {"moka_pot", 0.09},
                                                      {"porcelain_mug", 0.07},
                                                      {"white_yellow_mug", 0.075},
                                                      {"red_coffee_mug", 0.07},
                                                      {"black_book", 0.08},
                                                      {"yellow_book", 0.07},
                                                      {"akita_black_bowl", 0.06}};
  const auto found = radii.find(category);
  return found == radii.end() ? 0.05 : found->second;
}

double RobotX(const std::string& problem_name) {
  if (problem_name.find("study") != std::string::npos) return -0.55;
  if (problem_name.find("living_room") != std::string::npos) return -0.51;
  if (problem_name.find("floor") != std::string::npos) return -0.60;
  return -0.66;
}

std::string Words(std::string category) {
  static const std::map<std::string, std::string> words = {
      {"akita_black_bowl", "black bowl"},
      {"chefmate_8_frypan", "frying pan"},
      {"cookies", "cookie box"},
      {"porcelain_mug", "white mug"},
      {"white_yellow_mug", "yellow and white mug"},
      {"red_coffee_mug", "red mug"},
      {"new_salad_dressing", "salad dressing"},
      {"wooden_two_layer_shelf", "shelf"},
      {"wooden_cabinet", "cabinet"},
      {"white_cabinet", "cabinet"},
      {"flat_stove", "stove"},
      {"glazed_rim_porcelain_ramekin", "ramekin"},
      {"wooden_tray", "tray"}};
  if (const auto found = words.find(category); found != words.end()) return found->second;
  std::replace(category.begin(), category.end(), '_', ' ');
  return category;
}

}  // namespace vega
