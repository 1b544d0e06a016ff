// Names of render qualities, and which one is used.

#include "sim/render_quality.h"

#include "sim/base/error.h"

namespace vega {

const char* Name(RenderQuality quality) {
  return quality == RenderQuality::kFast ? "fast" : "exact";
}

RenderQuality ParseRenderQuality(const std::string& name) {
  for (const RenderQuality quality : {RenderQuality::kExact, RenderQuality::kFast}) {
    if (name == Name(quality)) return quality;
  }
  throw Error("unknown render quality '" + name + "'", "exact or fast");
}

RenderQuality ChooseRenderQuality(std::optional<RenderQuality> learnt_from,
                                  std::optional<RenderQuality> asked, const std::string& who) {
  if (learnt_from && asked && *learnt_from != *asked) {
    throw Error(who + " learnt from " + Name(*learnt_from) + " pictures, not " + Name(*asked),
                "leave out --render-quality");
  }
  return learnt_from.value_or(asked.value_or(RenderQuality::kExact));
}

}  // namespace vega
