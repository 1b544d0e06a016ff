#include "sim/base/nearest_names.h"

#include <catch2/catch.hpp>

namespace vega {
namespace {

TEST_CASE("Edit distance counts insertions, deletions and replacements") {
  CHECK(EditDistance("", "") == 0);
  CHECK(EditDistance("bowl", "") == 4);
  CHECK(EditDistance("libero_spatail", "libero_spatial") == 2);
  CHECK(EditDistance("libero_goal", "libero_goals") == 1);
}

TEST_CASE("A hint lists the nearest names first") {
  const std::vector<std::string> names = {"libero_10", "libero_goal", "libero_spatial"};
  CHECK(DidYouMean("libero_gaol", names, 1) == "did you mean libero_goal?");
  CHECK(DidYouMean("libero_gaol", names, 2) == "did you mean libero_goal or libero_10?");
  CHECK(DidYouMean("x", {}).empty());
}

}  // namespace
}  // namespace vega
