#include "tasks/suite/init_states.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <random>

#include "sim/base/error.h"
#include "sim/base/paths.h"
#include "tasks/bddl/bddl.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

const std::string kNpz = std::string(VEGA_FIXTURES) + "/init_states/tiny.pruned_init.npz";
const std::string kPruned = std::string(VEGA_FIXTURES) + "/init_states/tiny.pruned_init";

std::string ReadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

InitStates Parse(const std::string& bytes, int width, const std::string& source) {
  return ParseInitStates(std::as_bytes(std::span(bytes)), width, source);
}

// replaces the only occurrence of `from`
std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

// width of a state row, from the BDDL alone: arm and gripper 9 + 9, seven and six numbers an
// object, one a joint of an articulated fixture, and the time
int ExpectedWidth(const BddlProblem& problem) {
  int joints = 0;
  for (const BddlInstance& fixture : problem.fixtures) {
    if (fixture.category.ends_with("_cabinet")) joints += 3;
    if (fixture.category.ends_with("_stove") || fixture.category == "microwave") joints += 1;
  }
  return 1 + 18 + 13 * static_cast<int>(problem.objects.size()) + 2 * joints;
}

TEST_CASE("Both file forms give the same rows") {
  for (const std::string& file : {kNpz, kPruned}) {
    const InitStates states = LoadInitStates(file, 5);
    REQUIRE(states.size() == 3);
    for (int i = 0; i < 15; ++i) CHECK(states[i / 5][i % 5] == i / 8.0 - 1);
  }
}

TEST_CASE("A file of another task is refused by its width") {
  for (const std::string& file : {kNpz, kPruned}) {
    CHECK_THROWS_WITH(LoadInitStates(file, 92),
                      Catch::Contains("has 5 numbers a row, the task needs 92"));
  }
}

TEST_CASE("A missing init file is named") {
  CHECK_THROWS_WITH(LoadInitStates("/nowhere/x.npz", 5), Catch::Contains("/nowhere/x.npz"));
}

TEST_CASE("An init file cut off at any byte is one error") {
  for (const std::string& file : {kNpz, kPruned}) {
    const std::string whole = ReadFile(file);
    for (size_t size = 0; size < whole.size(); ++size) {
      CHECK_THROWS_AS(Parse(whole.substr(0, size), 5, file), Error);
    }
  }
}

TEST_CASE("A changed byte of an init file is an error or harmless, never a crash") {
  std::mt19937 random(1);
  for (const std::string& file : {kNpz, kPruned}) {
    const std::string whole = ReadFile(file);
    const InitStates expected = Parse(whole, 5, file);
    for (int i = 0; i < 5000; ++i) {
      std::string changed = whole;
      for (uint32_t n = 1 + random() % 3; n > 0; --n) changed[random() % changed.size()] = random();
      InitStates states = expected;
      try {
        states = Parse(changed, 5, file);
      } catch (const Error&) {
      }
      CHECK(states == expected);
    }
  }
}

TEST_CASE("A pickle that names anything but array parts is refused, not run") {
  // the checksum in the archive no longer fits, so the pickle is read directly elsewhere too
  std::string pickle = ReadFile(kPruned);
  CHECK_THROWS_AS(Parse(Replace(pickle, "_codecs\nencode", "os.path\nisdirx"), 5, kPruned), Error);
}

TEST_CASE("Every init file of LIBERO and LIBERO-PRO fits its task") {
  size_t files = 0;
  size_t empty = 0;  // published without a row
  for (const std::string& name : SuiteNames()) {
    for (const TaskEntry& task : LoadSuite(name).tasks) {
      if (task.init_states.empty()) continue;
      const int width = ExpectedWidth(LoadBddl(task.bddl));
      // .init.npz beside .pruned_init.npz where it is published: the states before pruning
      std::filesystem::path unpruned = task.init_states.parent_path() / (task.name + ".init.npz");
      for (const std::filesystem::path& file : {task.init_states, unpruned}) {
        if (!std::filesystem::exists(file)) continue;
        INFO(file.string());
        const InitStates states = LoadInitStates(file, width);
        ++files;
        if (states.empty()) {
          ++empty;
        } else {
          CHECK(states[0][0] == 0);
        }
      }
    }
  }
  CHECK(files == 848);
  CHECK(empty == 3);
}

}  // namespace
}  // namespace vega
