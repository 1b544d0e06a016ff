// A BDDL problem as LIBERO writes it: the parsed form of one .bddl file, and its parser.

#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vega {

// One predicate application, e.g. {"on", {"akita_black_bowl_1", "plate_1"}}; all lower case.
struct BddlPredicate {
  std::string name;
  std::vector<std::string> args;
  int line = 0;    // 1-based position of its opening parenthesis
  int column = 0;  // 1-based
};

// A region of a workspace or fixture. Its full name in predicates is target + "_" + name.
struct BddlRegion {
  std::string name;
  std::string target;
  std::vector<std::array<double, 4>> ranges;     // x0 y0 x1 y1, m, in the target's frame
  std::array<double, 2> yaw_rotation = {0, 0};   // rad, lo hi
  std::array<double, 4> rgba = {0, 0, 1, 0};
  std::string full_name() const { return target + "_" + name; }
};

// name, category
using BddlInstance = std::pair<std::string, std::string>;

struct BddlProblem {
  std::string problem_name;  // lower case, selects the problem class, e.g. libero_tabletop_manipulation
  std::string language;      // words as written in :language (lower-cased by the tokenizer)
  std::vector<BddlRegion> regions;          // file order
  std::vector<BddlInstance> fixtures;       // file order by category group; first is the workspace in LIBERO's files
  std::vector<BddlInstance> objects;        // file order by category group
  std::vector<std::string> obj_of_interest;
  std::vector<BddlPredicate> init;          // file order
  std::vector<BddlPredicate> goal;          // conjunction
};

// Parses BDDL text. `source` names it in errors: "source:line:column: what (hint)". Throws Error.
BddlProblem ParseBddl(std::string_view text, const std::string& source);
// Reads and parses a file. Throws Error.
BddlProblem LoadBddl(const std::filesystem::path& file);

}  // namespace vega
