// Random streams and hashes.
#include "sim/base/random.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "sim/base/hash.h"

namespace vega {

TEST_CASE("Philox4x32-10 gives the known answers of its authors' Random123", "[sim][random]") {
  using Block = std::array<uint32_t, 4>;
  CHECK(Philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("A stream is a function of seed, name and index", "[sim][random]") {
  const auto first = [](uint64_t seed, std::string_view name, uint64_t index) {
    return RandomStream(seed, name, index).NextU32();
  };
  CHECK(first(1, "policy", 0) == first(1, "policy", 0));
  CHECK(first(1, "policy", 0) != first(2, "policy", 0));
  CHECK(first(1, "policy", 0) != first(1, "noise", 0));
  CHECK(first(1, "policy", 0) != first(1, "policy", 1));
  CHECK(first(1, "policy", 0) != first(1, "policy", uint64_t{1} << 32));

  RandomStream stream(1, "policy");
  CHECK(stream.NextU32() == first(1, "policy", 0));
  std::vector<uint32_t> values;
  for (int i = 0; i < 1000; ++i) values.push_back(stream.NextU32());
  std::sort(values.begin(), values.end());
  CHECK(std::unique(values.begin(), values.end()) == values.end());
}

TEST_CASE("Uniform, bounded and normal numbers have their distributions", "[sim][random]") {
  constexpr int kDraws = 100000;
  RandomStream stream(7, "test");
  double sum = 0, least = 1, most = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.Uniform();
    sum += u;
    least = std::min(least, u);
    most = std::max(most, u);
  }
  CHECK(sum / kDraws == Approx(0.5).margin(0.005));
  CHECK(least >= 0);
  CHECK(most < 1);

  std::array<int, 6> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts.at(stream.Below(6));
  for (int count : counts) CHECK(count == Approx(kDraws / 6.0).epsilon(0.03));
  CHECK(stream.Below(1) == 0);

  std::vector<float> normal(kDraws);
  stream.FillNormal(normal);
  double mean = 0, square = 0, fourth = 0;
  for (float x : normal) {
    mean += x / kDraws;
    square += double{x} * x / kDraws;
    fourth += std::pow(double{x}, 4) / kDraws;
  }
  CHECK(mean == Approx(0).margin(0.015));
  CHECK(square == Approx(1).margin(0.02));
  CHECK(fourth == Approx(3).margin(0.15));
}

TEST_CASE("Hash64 is FNV-1a and can be continued", "[sim][hash]") {
  CHECK(Hash64("") == 0xcbf29ce484222325u);
  CHECK(Hash64("a") == 0xaf63dc4c8601ec8cu);
  CHECK(Hash64("foobar") == 0x85944171f73967e8u);
  CHECK(Hash64("bar", Hash64("foo")) == Hash64("foobar"));
}

}  // namespace vega
