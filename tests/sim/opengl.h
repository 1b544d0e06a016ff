// What tests draw with. Needs an OpenGL driver with EGL, software is enough.

#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <utility>

#include "sim/base/error.h"

namespace vega {

// T(arguments...), something that opens OpenGL; null, said aloud, where there is no driver for it.
template <typename T, typename... Arguments>
std::unique_ptr<T> OpenOrSkip(Arguments&&... arguments) {
  try {
    return std::make_unique<T>(std::forward<Arguments>(arguments)...);
  } catch (const Error& error) {
    WARN("skipped: " << error.what());
    return nullptr;
  }
}

}  // namespace vega
