// Small vector algebra with the rounding of NumPy and robosuite, where LIBERO's results depend on
// it.

#pragma once

#include <array>

namespace vega {

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;  // rows

// matrix @ vector, rounded as the fused kernel of NumPy's OpenBLAS rounds a product of three terms.
Vector3 Multiply(const Matrix3& matrix, const Vector3& vector);

// np.linalg.norm of (x, y), rounded likewise.
double Norm(double x, double y);

// robosuite's quat2mat (utils/transform_utils.py) of a quaternion x,y,z,w: in float32, with a
// double diagonal.
Matrix3 QuatToMatrix(const std::array<double, 4>& quat);

// robosuite's quat_multiply (utils/transform_utils.py) of quaternions x,y,z,w: left * right,
// rounded to float32.
std::array<double, 4> QuatMultiply(const std::array<double, 4>& left,
                                   const std::array<double, 4>& right);

}  // namespace vega
