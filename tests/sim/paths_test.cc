// Where fetched data is looked for.
#include "sim/base/paths.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

namespace vega {
namespace {

// sets an environment variable for a scope
class WithVariable {
 public:
  WithVariable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value, 1);
  }
  ~WithVariable() { old_.empty() ? unsetenv(name_) : setenv(name_, old_.c_str(), 1); }

 private:
  const char* name_;
  std::string old_;
};

}  // namespace

TEST_CASE("Data lies under $VEGA_HOME, else under the user's cache", "[sim][paths]") {
  const WithVariable user("HOME", "/users/ada");
  {
    const WithVariable home("VEGA_HOME", "/somewhere");
    CHECK(VegaHome() == "/somewhere");
    CHECK(Data().libero == "/somewhere/data/libero-pro-0.1.1/libero/libero");
    CHECK(Data().robosuite == "/somewhere/data/robosuite-1.4.0/robosuite/models/assets");
  }
  const WithVariable empty("VEGA_HOME", "");
  CHECK(VegaHome() == "/users/ada/.cache/vega");
}

}  // namespace vega
