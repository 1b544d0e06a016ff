// Expected values were printed by robosuite's transform_utils and numpy as hexadecimal floats.

#include "tasks/reset/numpy_linalg.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace vega {
namespace {

constexpr std::array<double, 4> kQuat = {0.1, -0.7, 0.3, 0.64};  // x,y,z,w, not of unit length

TEST_CASE("quat2mat rounds as robosuite's float32 does") {
  const Matrix3 expected = {
      Vector3{-0x1.48a1760000000p-3, -0x1.0c65380000000p-1, -0x1.ac34080000000p-1},
      Vector3{0x1.f3e97c0000000p-3, 0x1.998f1b6000000p-1, -0x1.18b0340000000p-1},
      Vector3{0x1.e9aaf80000000p-1, -0x1.2b20b00000000p-2, -0x1.a399000000000p-12}};
  CHECK(QuatToMatrix(kQuat) == expected);
  CHECK(QuatToMatrix({0, 0, 0, 0})[1] == Vector3{0, 1, 0});
}

TEST_CASE("A matrix product rounds as numpy's does") {
  CHECK(Multiply(QuatToMatrix(kQuat), {0.01, 0.2, -0.3}) ==
        Vector3{0x1.27d75e2e147aep-3, 0x1.4ebc73bae147bp-2, -0x1.8f46257ae147cp-5});
  CHECK(Norm(0.3, -0.71) == 0x1.8aa385bbfbfbdp-1);
  CHECK(Norm(0.011, 0.0271) == 0x1.df3075281cf34p-6);
}

TEST_CASE("quat_multiply rounds every product to float32") {
  const std::array<double, 4> about_x = {std::sin(.3), 0, 0, std::cos(.3)};
  const std::array<double, 4> about_z = {0, 0, std::sin(.7), std::cos(.7)};
  const std::array<double, 4> expected = {0x1.cee6e40000000p-3, 0x1.85e59c0000000p-3,
                                          0x1.3b1b900000000p-1, 0x1.761be80000000p-1};
  CHECK(QuatMultiply(about_z, QuatMultiply(about_x, {0, 0, 0, 1})) == expected);
}

}  // namespace
}  // namespace vega
