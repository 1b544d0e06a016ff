// A BDDL problem as LIBERO writes it: the parsed form of one .bddl file, and its parser.

#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
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
  std::vector<std::array<double, 4>> ranges;    // x0 y0 x1 y1, m, in the target's frame
  std::array<double, 2> yaw_rotation = {0, 0};  // rad, lo hi
  std::array<double, 4> rgba = {0, 0, 1, 0};
  int line = 0;    // 1-based
  int column = 0;  // 1-based
  std::string full_name() const { return target + "_" + name; }
};

// An object or fixture and where it is declared.
struct BddlInstance {
  std::string name;
  std::string category;
  int line = 0;     // 1-based
  int column = 0;   // 1-based
  double size = 1;  // of what its category has, > 0; only objects have another
};

struct BddlProblem {
  std::string source;  // what the text was read from, for errors
  std::string
      problem_name;  // lower case, selects the problem class, e.g. libero_tabletop_manipulation
  std::string
      language;  // words of :language joined by one space; lower case, as LIBERO's parser answers
  std::vector<BddlRegion> regions;     // file order
  std::vector<BddlInstance> fixtures;  // file order
  std::vector<BddlInstance> objects;   // file order
  std::vector<std::string> obj_of_interest;
  std::vector<BddlPredicate> init;  // file order
  std::vector<BddlPredicate> goal;  // conjunction, not empty
};

// Parses BDDL text as LIBERO's bddl_utils.py does, but refuses what that would pass over: unknown
// groups, predicates and attributes, names used but not declared, names declared twice. Region
// targets may be undeclared, as in libero_goal. One group is our own, which LIBERO's parser passes
// over with a remark: (:sizes (plate_1 1.2) ...), how large objects are. `source` names the text in
// errors: "source:line:column: what (hint)". Throws Error.
BddlProblem ParseBddl(std::string_view text, const std::string& source);
// Reads and parses a file. Throws Error.
BddlProblem LoadBddl(const std::filesystem::path& file);

}  // namespace vega
