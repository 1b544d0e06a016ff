// Where in the world the cells of a token grid look.

#pragma once

#include <array>
#include <vector>

#include "sim/depth_view.h"

namespace vega {

// The part of a picture that tokens cover, in fractions of its height and width.
struct PictureRegion {
  double top = 0, left = 0, bottom = 1, right = 1;
};

// What is left of a picture that is scaled to cover out_h x out_w and cut at the centre, as
// FramesToPixels does.
PictureRegion CoverCropRegion(int in_h, int in_w, int64_t out_h, int64_t out_w);

struct CellPoint {
  std::array<double, 3> position{};  // m, world: mean of what the cell's pixels show
  bool valid = false;                // a tenth of them or more show something
};

// The points of a grid x grid of cells over `region`, row by row from the top left. A pixel belongs
// to the cell its middle lies in.
std::vector<CellPoint> CellPoints(const DepthView& view, int grid, const PictureRegion& region);

// What fills each cell of the same grid: of the labels `label_of_geom` (by geom id; `nothing` where
// no geom is seen) the one of at least half the cell's pixels, -1 where none is.
std::vector<int> CellLabels(const DepthView& view, int grid, const PictureRegion& region,
                            const std::vector<int>& label_of_geom, int nothing);

}  // namespace vega
