// Pixels to cells, and the means of their world positions.

#include "agent/probe/cell_points.h"

#include <algorithm>
#include <cmath>

namespace vega {
namespace {

constexpr double kLeastSeen = 0.1;  // of a cell's pixels

// the cell along one axis of what lies at `position` (fraction of the picture); -1 outside
int CellAt(double position, double begin, double end, int grid) {
  const double cell = (position - begin) / (end - begin) * grid;
  return cell < 0 || cell >= grid ? -1 : static_cast<int>(cell);
}

}  // namespace

PictureRegion CoverCropRegion(int in_h, int in_w, int64_t out_h, int64_t out_w) {
  const double height = static_cast<double>(out_h), width = static_cast<double>(out_w);
  const double scale = std::max(height / in_h, width / in_w);
  const double keep_h = std::min(1.0, height / (in_h * scale));
  const double keep_w = std::min(1.0, width / (in_w * scale));
  return {(1 - keep_h) / 2, (1 - keep_w) / 2, (1 + keep_h) / 2, (1 + keep_w) / 2};
}

std::vector<CellPoint> CellPoints(const DepthView& view, int grid, const PictureRegion& region) {
  const PinholeCamera& camera = view.camera;
  std::vector<CellPoint> cells(static_cast<size_t>(grid) * grid);
  std::vector<int> pixels(cells.size()), seen(cells.size());
  for (int row = 0; row < camera.height; ++row) {
    const int cell_row = CellAt((row + 0.5) / camera.height, region.top, region.bottom, grid);
    for (int column = 0; cell_row >= 0 && column < camera.width; ++column) {
      const int cell_column =
          CellAt((column + 0.5) / camera.width, region.left, region.right, grid);
      if (cell_column < 0) continue;
      const size_t cell = static_cast<size_t>(cell_row) * grid + cell_column;
      ++pixels[cell];
      const float depth = view.depth[static_cast<size_t>(row) * camera.width + column];
      if (depth <= 0) continue;
      ++seen[cell];
      const std::array<double, 3> point = camera.Unproject(row, column, depth);
      for (int i = 0; i < 3; ++i) cells[cell].position[i] += point[i];
    }
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i].valid = seen[i] > 0 && seen[i] >= kLeastSeen * pixels[i];
    for (double& x : cells[i].position) x /= std::max(1, seen[i]);
  }
  return cells;
}

}  // namespace vega
