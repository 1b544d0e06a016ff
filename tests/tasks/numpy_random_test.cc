// Expected values were printed by numpy.random (seed, uniform, randn, randint) as hexadecimal
// floats.

#include "tasks/reset/numpy_random.h"

#include <catch2/catch.hpp>

namespace vega {
namespace {

TEST_CASE("uniform, randn and randint interleave as numpy draws them") {
  NumpyRandom random(7);
  CHECK(random.Uniform(-0.28, -0.26) == -0x1.1d283eaaf0219p-2);
  CHECK(random.Uniform(-0.28, -0.26) == -0x1.0ebf4ca305ffap-2);
  CHECK(random.Normal() == 0x1.b0c64ae2deb29p+0);
  CHECK(random.Normal() == -0x1.dd1eafa1d414dp-2);
  CHECK(random.Normal() == 0x1.0cdcdf34c3aedp-5);
  for (int i = 0; i < 3; ++i) CHECK(random.Below(1) == 0);
  for (uint32_t expected : {0, 1, 2, 2, 0, 4, 0, 4}) CHECK(random.Below(5) == expected);
  for (uint32_t expected : {0, 1, 1, 0}) CHECK(random.Below(2) == expected);
  CHECK(random.Uniform(1, 0) == 0x1.4f8c0f8b92708p-2);
  // the second half of the pair drawn before the integers
  CHECK(random.Normal() == 0x1.a14bf2d03adc9p-2);
}

TEST_CASE("Seeding forgets the normal value kept back") {
  NumpyRandom random(7);
  random.Normal();
  random.Seed(0);
  CHECK(random.Normal() == 0x1.c398ef3e5cfa5p+0);
  CHECK(random.Uniform() == 0x1.349d66b6e894bp-1);
}

TEST_CASE("Long sequences stay on numpy's") {
  NumpyRandom random(4294967295u);
  double last = 0;
  for (int i = 0; i < 400; ++i) last = random.Uniform();
  CHECK(last == 0x1.7d6f168a8aa78p-2);

  random.Seed(0);
  double sum = 0;
  for (int i = 0; i < 1000; ++i) sum += last = random.Normal();
  CHECK(sum == -0x1.6a0dbca818378p+5);
  CHECK(last == -0x1.6eb574c9b16b2p-2);
}

}  // namespace
}  // namespace vega
