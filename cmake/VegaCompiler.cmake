# Compiler settings every target shares.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # what ccache asks for to serve precompiled headers
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(vega_compiler INTERFACE)
# -ffp-contract=off: a fused multiply-add rounds once where the reference rounds twice
target_compile_options(vega_compiler INTERFACE -Wall -Wextra -Wno-missing-field-initializers -ffp-contract=off)
target_include_directories(vega_compiler INTERFACE ${PROJECT_SOURCE_DIR})
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 warns of overlaps inside std::string that cannot be (gcc.gnu.org bug 105651)
  target_compile_options(vega_compiler INTERFACE -Wno-restrict)
endif()
if(VEGA_SANITIZE)
  target_compile_options(vega_compiler INTERFACE -fsanitize=${VEGA_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer -g)
  target_link_options(vega_compiler INTERFACE -fsanitize=${VEGA_SANITIZE})
endif()
if(VEGA_BUILD_FUZZERS)
  target_compile_options(vega_compiler INTERFACE -fsanitize=fuzzer-no-link)
endif()
