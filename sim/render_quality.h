// How faithfully pictures are drawn. Part of a checkpoint's contract, of every run's manifest and
// of every dataset: a policy that learnt from one kind is not shown the other unasked.

#pragma once

#include <optional>
#include <string>

namespace vega {

enum class RenderQuality {
  kExact,  // every pixel as LIBERO's own renderer draws it
  kFast,   // meshes simplified to what the picture can show; never touches the physics
};

// "exact" or "fast".
const char* Name(RenderQuality quality);
// Throws Error for any other name.
RenderQuality ParseRenderQuality(const std::string& name);

// What `who` is to be shown: what it learnt from, else what was asked for, else exact pictures.
// Throws Error when it learnt from pictures other than those asked for.
RenderQuality ChooseRenderQuality(std::optional<RenderQuality> learnt_from,
                                  std::optional<RenderQuality> asked, const std::string& who);

}  // namespace vega
