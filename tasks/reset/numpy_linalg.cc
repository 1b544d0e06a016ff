#include "tasks/reset/numpy_linalg.h"

#include <cmath>
#include <limits>

namespace vega {

Vector3 Multiply(const Matrix3& matrix, const Vector3& vector) {
  Vector3 product;
  for (int i = 0; i < 3; ++i) {
    const double second = matrix[i][1] * vector[1];
    product[i] = std::fma(matrix[i][2], vector[2], std::fma(matrix[i][0], vector[0], second));
  }
  return product;
}

double Norm(double x, double y) { return std::sqrt(std::fma(y, y, x * x)); }

Matrix3 QuatToMatrix(const std::array<double, 4>& quat) {
  float w = static_cast<float>(quat[3]), x = static_cast<float>(quat[0]),
        y = static_cast<float>(quat[1]), z = static_cast<float>(quat[2]);
  // products in float32, summed in double
  const float square =
      static_cast<float>(double{w * w} + double{x * x} + double{y * y} + double{z * z});
  if (square < 4 * std::numeric_limits<double>::epsilon()) {
    return {Vector3{1, 0, 0}, Vector3{0, 1, 0}, Vector3{0, 0, 1}};
  }
  const double scale = std::sqrt(2.0 / square);
  for (float* part : {&w, &x, &y, &z}) *part = static_cast<float>(*part * scale);
  // off-diagonal sums in float32, the diagonal in double
  return {Vector3{1.0 - y * y - z * z, x * y - z * w, x * z + y * w},
          Vector3{x * y + z * w, 1.0 - x * x - z * z, y * z - x * w},
          Vector3{x * z - y * w, y * z + x * w, 1.0 - x * x - y * y}};
}

std::array<double, 4> QuatMultiply(const std::array<double, 4>& left,
                                   const std::array<double, 4>& right) {
  const auto& [x1, y1, z1, w1] = left;
  const auto& [x0, y0, z0, w0] = right;
  return {static_cast<float>(x1 * w0 + y1 * z0 - z1 * y0 + w1 * x0),
          static_cast<float>(-x1 * z0 + y1 * w0 + z1 * x0 + w1 * y0),
          static_cast<float>(x1 * y0 - y1 * x0 + z1 * w0 + w1 * z0),
          static_cast<float>(-x1 * x0 - y1 * y0 - z1 * z0 + w1 * w0)};
}

}  // namespace vega
