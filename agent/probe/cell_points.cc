// Pixels to cells, and the means of their world positions.

#include "agent/probe/cell_points.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace vega {
namespace {

constexpr double kLeastSeen = 0.1;  // of a cell's pixels

// the cell along one axis of what lies at `position` (fraction of the picture); -1 outside
int CellAt(double position, double begin, double end, int grid) {
  const double cell = (position - begin) / (end - begin) * grid;
  return cell < 0 || cell >= grid ? -1 : static_cast<int>(cell);
}

// calls f(cell, row, column) for each pixel that lies in a cell
template <typename F>
void ForEachPixel(const PinholeCamera& camera, int grid, const PictureRegion& region, F f) {
  for (int row = 0; row < camera.height; ++row) {
    const int cell_row = CellAt((row + 0.5) / camera.height, region.top, region.bottom, grid);
    for (int column = 0; cell_row >= 0 && column < camera.width; ++column) {
      const int cell_column =
          CellAt((column + 0.5) / camera.width, region.left, region.right, grid);
      if (cell_column >= 0) f(static_cast<size_t>(cell_row) * grid + cell_column, row, column);
    }
  }
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
  ForEachPixel(camera, grid, region, [&](size_t cell, int row, int column) {
    ++pixels[cell];
    const float depth = view.depth[static_cast<size_t>(row) * camera.width + column];
    if (depth <= 0) return;
    ++seen[cell];
    const std::array<double, 3> point = camera.Unproject(row, column, depth);
    for (int i = 0; i < 3; ++i) cells[cell].position[i] += point[i];
  });
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i].valid = seen[i] > 0 && seen[i] >= kLeastSeen * pixels[i];
    for (double& x : cells[i].position) x /= std::max(1, seen[i]);
  }
  return cells;
}

std::vector<int> CellLabels(const DepthView& view, int grid, const PictureRegion& region,
                            const std::vector<int>& label_of_geom, int nothing) {
  std::vector<std::map<int, int>> counts(static_cast<size_t>(grid) * grid);  // pixels by label
  ForEachPixel(view.camera, grid, region, [&](size_t cell, int row, int column) {
    const int geom = view.geoms[static_cast<size_t>(row) * view.camera.width + column];
    ++counts[cell][geom < 0 ? nothing : label_of_geom[geom]];
  });
  std::vector<int> labels;
  for (const auto& cell : counts) {
    int pixels = 0;
    for (const auto& entry : cell) pixels += entry.second;
    const auto most = std::max_element(
        cell.begin(), cell.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    labels.push_back(most != cell.end() && 2 * most->second >= pixels ? most->first : -1);
  }
  return labels;
}

}  // namespace vega
