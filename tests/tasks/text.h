// Small changes to the texts of tests.

#pragma once

#include <catch2/catch.hpp>
#include <string>

namespace vega {

// `text` with the first `from`, which must be there, replaced by `to`.
inline std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace vega
