#include "tasks/suite/npy.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

namespace vega {
namespace {

// numpy's header, padded to a multiple of 64 bytes as numpy does, then the data
std::string Npy(const std::string& dtype, const std::string& order, const std::string& shape,
                const std::string& data) {
  std::string header =
      "{'descr': '" + dtype + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  header.resize(118, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + data;
}

TEST_CASE("An array of rows is read with its claimed shape") {
  const RawArray array = ReadNpy(Npy("<f8", "False", "(2, 3)", "data"), "x");
  CHECK(array.rows == 2);
  CHECK(array.columns == 3);
  CHECK(array.bytes == "data");
}

TEST_CASE("The empty array has no rows") {
  const RawArray array = ReadNpy(Npy("<f8", "False", "(0,)", ""), "x");
  CHECK(array.rows == 0);
  CHECK(array.columns == 0);
}

TEST_CASE("Arrays of other kinds are one error") {
  for (const std::string& npy :
       {Npy("<f4", "False", "(2, 3)", ""), Npy(">f8", "False", "(2, 3)", ""),
        Npy("|O", "False", "(2, 3)", ""), Npy("<f8", "True", "(2, 3)", ""),
        Npy("<f8", "False", "(6,)", ""), Npy("<f8", "False", "(1, 2, 3)", ""),
        Npy("<f8", "False", "(99999999999999999999, 3)", ""),
        Npy("<f8", "False", "(2, 3)", "").substr(0, 90),
        std::string("\x93NUMPY\x02\x00\x76\x00", 10), std::string("\x93NUMPY\x01"),
        std::string()}) {
    CHECK_THROWS_WITH(ReadNpy(npy, "x"),
                      Catch::StartsWith("x holds no two-dimensional float64 array"));
  }
}

}  // namespace
}  // namespace vega
