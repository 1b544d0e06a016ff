// What drawing problems needs to know of LIBERO's object categories and scenes.

#pragma once

#include <string>
#include <vector>

namespace vega {

using Categories = std::vector<std::string>;

// Small ones, of a cuboid's shape.
const Categories& Boxes();
const Categories& Mugs();
const Categories& Bowls();
const Categories& Books();
// Lists of categories that can stand in for one another, those above among them.
const std::vector<Categories>& StandIns();

// m, around an object's root that must stay free of other things.
double FreeRadius(const std::string& category);

// m, of the robot's base along x, in the frame of the regions of the scene's workspace;
// `problem_name` is BDDL's, e.g. libero_kitchen_tabletop_manipulation.
double RobotX(const std::string& problem_name);

// What an instruction calls a category: "black bowl".
std::string Words(std::string category);

}  // namespace vega
