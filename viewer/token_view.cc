// Principal components, cosines, rays.

#include "viewer/token_view.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>

#include "sim/camera.h"

namespace vega {
namespace {

using Rows =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

Rows RowsOf(const TokenMap& map) { return {map.values.data(), map.side * map.side, map.width}; }

constexpr double kSamePoint = 0.01;  // m

// a world point on the ray through (u, v) in [-1,1], right and up, of a camera; false: nothing hit
bool HitPoint(const mjModel& m, const mjData& d, const CameraSpec& camera, double u, double v,
              mjtNum point[3]) {
  const double slope = std::tan(camera.fovy * mjPI / 360);
  const mjtNum local[3] = {u * slope, v * slope, -1};
  mjtNum ray[3];
  mju_mulMatVec(ray, d.cam_xmat + 9 * camera.id, local, 3, 3);
  mju_normalize3(ray);
  constexpr mjtByte kVisible[mjNGROUP] = {0, 1, 1, 0, 0, 0};
  int geom = -1;
  const mjtNum* origin = d.cam_xpos + 3 * camera.id;
  const mjtNum distance = mj_ray(&m, &d, origin, ray, kVisible, 1, -1, &geom);
  if (distance < 0) return false;
  mju_addScl3(point, origin, ray, distance);
  return true;
}

}  // namespace

std::vector<Image> PrincipalColours(const std::vector<const TokenMap*>& maps) {
  std::vector<Image> pictures;
  if (maps.empty() || maps[0]->empty()) return pictures;
  const int width = maps[0]->width;
  Eigen::Index count = 0;
  for (const TokenMap* map : maps) count += map->side * map->side;
  Eigen::MatrixXf all(count, width);
  Eigen::Index row = 0;
  for (const TokenMap* map : maps) {
    all.middleRows(row, map->side * map->side) = RowsOf(*map);
    row += map->side * map->side;
  }
  all.rowwise() -= all.colwise().mean().eval();
  const Eigen::JacobiSVD<Eigen::MatrixXf> svd(count < width
                                                  ? Eigen::MatrixXf(all * all.transpose())
                                                  : Eigen::MatrixXf(all.transpose() * all),
                                              Eigen::ComputeThinU);
  const int components = static_cast<int>(std::min<Eigen::Index>(3, svd.matrixU().cols()));
  Eigen::MatrixXf axes = svd.matrixU().leftCols(components);  // of tokens or of channels
  Eigen::MatrixXf scores = count < width ? axes : Eigen::MatrixXf(all * axes);
  for (int c = 0; c < components; ++c) {
    Eigen::Index largest = 0;
    axes.col(c).cwiseAbs().maxCoeff(&largest);
    if (axes(largest, c) < 0) scores.col(c) *= -1;
    const float low = scores.col(c).minCoeff(), high = scores.col(c).maxCoeff();
    scores.col(c) = (scores.col(c).array() - low) / std::max(1e-12f, high - low);
  }
  row = 0;
  for (const TokenMap* map : maps) {
    Image picture{map->side, map->side, std::vector<uint8_t>(3 * map->side * map->side)};
    for (int i = 0; i < map->side * map->side; ++i, ++row) {
      for (int c = 0; c < components; ++c) {
        picture.pixels[3 * i + c] = static_cast<uint8_t>(std::lround(255 * scores(row, c)));
      }
    }
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

Image HeatMap(const TokenMap& map, float low, float high) {
  Image picture{map.side, map.side, std::vector<uint8_t>(3 * map.side * map.side)};
  const std::array<std::array<float, 3>, 3> ramp = {
      {{40, 80, 200}, {245, 245, 245}, {205, 45, 40}}};
  for (int i = 0; i < map.side * map.side; ++i) {
    const float at = std::clamp((map.values[i] - low) / std::max(1e-12f, high - low), 0.0f, 1.0f);
    const int segment = at < 0.5f ? 0 : 1;
    const float part = 2 * at - static_cast<float>(segment);
    for (int c = 0; c < 3; ++c) {
      const float value = ramp[segment][c] * (1 - part) + ramp[segment + 1][c] * part;
      picture.pixels[3 * i + c] = static_cast<uint8_t>(std::lround(value));
    }
  }
  return picture;
}

TokenMap Similarity(const TokenMap& from, int index, const TokenMap& to) {
  if (from.width != to.width || from.empty() || to.empty()) return {};
  const Eigen::VectorXf token = RowsOf(from).row(index).transpose();
  const auto rows = RowsOf(to);
  const Eigen::VectorXf norms = rows.rowwise().norm() * token.norm();
  const Eigen::VectorXf cosine = (rows * token).array() / norms.array().max(1e-12f);
  return {to.side, 1, {cosine.data(), cosine.data() + cosine.size()}};
}

int Argmax(const TokenMap& map) {
  return static_cast<int>(std::max_element(map.values.begin(), map.values.end()) -
                          map.values.begin());
}

int TrueCorrespondence(const mjModel& model, const mjData& data, const std::string& from,
                       const std::string& to, int side, int index) {
  const CameraSpec first = FindCamera(model, from), second = FindCamera(model, to);
  const double u = 2 * (index % side + 0.5) / side - 1;
  const double v = 1 - 2 * (index / side + 0.5) / side;
  mjtNum point[3];
  if (!HitPoint(model, data, first, u, v, point)) return -1;

  mjtNum offset[3], local[3];
  mju_sub3(offset, point, data.cam_xpos + 3 * second.id);
  mju_mulMatTVec(local, data.cam_xmat + 9 * second.id, offset, 3, 3);
  if (local[2] >= 0) return -1;
  const double slope = std::tan(second.fovy * mjPI / 360);
  const double x = local[0] / -local[2] / slope, y = local[1] / -local[2] / slope;
  if (std::abs(x) >= 1 || std::abs(y) >= 1) return -1;
  mjtNum seen[3];
  if (!HitPoint(model, data, second, x, y, seen) || mju_dist3(seen, point) > kSamePoint) return -1;
  const int column = static_cast<int>((x + 1) / 2 * side),
            row = static_cast<int>((1 - y) / 2 * side);
  return row * side + column;
}

}  // namespace vega
