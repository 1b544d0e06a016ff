// Packs seen as one table of rows, and the order in which rows are learnt from.

#include "agent/train/sample_store.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "tests/agent/squares.h"

namespace vega {

using Catch::Contains;

TEST_CASE("packs that do not go together are refused by what they differ in") {
  const Scratch scratch;
  WritePack(scratch / "a");
  auto other = PackJson();
  other["orientation"] = "row-0-bottom";
  WritePack(scratch / "b", other);
  CHECK_THROWS_WITH(SampleStore({scratch / "a", scratch / "b"}), Contains("orientation"));
  other = PackJson();
  other["samples"] = 49;
  WritePack(scratch / "c", other);
  CHECK_THROWS_WITH(SampleStore({scratch / "c"}), Contains("49 samples"));
  CHECK_THROWS_WITH(SampleStore({scratch / "none"}), Contains("pack.json"));
}

TEST_CASE("samples of several packs keep their own names for categories and instructions") {
  const Scratch scratch;
  WritePack(scratch / "a");
  auto other = PackJson();
  other["categories"] = {"background", "a_bowl"};
  other["instructions"] = {"avoid the square", "lift the bowl"};
  WritePack(scratch / "b", other);
  const SampleStore store({scratch / "a", scratch / "b"});
  CHECK(store.size() == 2 * kSamples);
  CHECK(store.categories() == std::vector<std::string>{"a_bowl", "background", "red_square"});
  CHECK(store.Categories({0}).max().item<int>() == 2);
  CHECK(store.Categories({kSamples}).max().item<int>() == 1);
  CHECK(store.instructions()[store.Instructions({0})[0]] == "touch the square");
  CHECK(store.instructions()[store.Instructions({kSamples})[0]] == "avoid the square");
}

TEST_CASE("a segmentation that names no category of its pack is refused") {
  const Scratch scratch;
  auto pack = PackJson();
  pack["categories"] = {"background"};
  WritePack(scratch / "a", pack);
  const SampleStore store({scratch / "a"});
  CHECK_THROWS_WITH(store.Categories({0, 1, 2, 3}), Contains("names a category"));
}

TEST_CASE("each epoch visits every row once in an order of its own") {
  BatchOrder order({3, 5, 7, 9, 11, 13}, 3, 1);
  std::vector<int64_t> first = order.Rows(0), more = order.Rows(1);
  first.insert(first.end(), more.begin(), more.end());
  std::vector<int64_t> second = order.Rows(2);
  more = order.Rows(3);
  second.insert(second.end(), more.begin(), more.end());
  CHECK(first != second);
  std::sort(first.begin(), first.end());
  CHECK(first == std::vector<int64_t>{3, 5, 7, 9, 11, 13});
  CHECK(order.Rows(1) == BatchOrder({3, 5, 7, 9, 11, 13}, 3, 1).Rows(1));
}

}  // namespace vega
