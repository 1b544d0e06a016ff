#include "sim/render_quality.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

namespace vega {
namespace {

using Catch::Contains;

TEST_CASE("Render qualities have names that parse back, and no others", "[sim]") {
  for (const RenderQuality quality : {RenderQuality::kExact, RenderQuality::kFast}) {
    CHECK(ParseRenderQuality(Name(quality)) == quality);
  }
  CHECK_THROWS_WITH(ParseRenderQuality("fastt"), Contains("'fastt'") && Contains("exact or fast"));
}

TEST_CASE("A policy is shown what it learnt from and nothing else", "[sim]") {
  constexpr auto kExact = RenderQuality::kExact;
  constexpr auto kFast = RenderQuality::kFast;
  CHECK(ChooseRenderQuality({}, {}, "p") == kExact);
  CHECK(ChooseRenderQuality({}, kFast, "p") == kFast);
  CHECK(ChooseRenderQuality(kFast, {}, "p") == kFast);
  CHECK(ChooseRenderQuality(kFast, kFast, "p") == kFast);
  CHECK_THROWS_WITH(ChooseRenderQuality(kFast, kExact, "policy p"),
                    Contains("policy p learnt from fast pictures, not exact"));
}

}  // namespace
}  // namespace vega
