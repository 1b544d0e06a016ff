// The one exception type of vega: bad input, said in one line.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace vega {

// Thrown for anything a user can cause: a bad flag, file, message or weight. `what()` is one line
// that says what is wrong and where; `hint` says what to try and is appended as " (hint)". Bugs of
// our own use assert().
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what) : std::runtime_error(what) {}
  Error(const std::string& what, std::string_view hint)
      : std::runtime_error(what + " (" + std::string(hint) + ")") {}
};

}  // namespace vega
