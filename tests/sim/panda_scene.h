// The Panda-shaped scene of tests/fixtures/sim and what robosuite recorded on it.

#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/base/safetensors.h"
#include "sim/scene.h"

namespace vega {

inline ModelPtr PandaModel() {
  const std::string file = VEGA_FIXTURES "/sim/panda_scene.xml";
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return CompileMjcf(text.str(), file);
}

// Resets as record_panda.py does: the fixture placed, nothing else moved.
inline void ResetPanda(Scene& scene) {
  scene.BeginReset();
  mjModel& model = scene.mutable_model();
  const int fixture = mj_name2id(&model, mjOBJ_BODY, "fixture_main");
  const double pos[3] = {0.1, -0.3, 0.425};
  const double quat[4] = {std::cos(0.4), 0, 0, std::sin(0.4)};
  std::copy_n(pos, 3, model.body_pos + 3 * fixture);
  std::copy_n(quat, 4, model.body_quat + 4 * fixture);
  scene.EndReset();
}

// Rows of a recorded f64 tensor.
class Recording {
 public:
  Recording() : file_(SafetensorsFile::Open(VEGA_FIXTURES "/sim/panda.safetensors")) {}

  // all numbers of tensor `name`
  std::vector<double> All(const std::string& name) const { return file_.Values<double>(name); }
  // row `i` of tensor `name`
  std::vector<double> Row(const std::string& name, size_t i) const {
    const std::vector<double> all = All(name);
    const size_t width = all.size() / Rows(name);
    return {all.begin() + i * width, all.begin() + (i + 1) * width};
  }
  size_t Rows(const std::string& name) const { return file_.at(name).shape[0]; }
  Action ActionOf(size_t step) const {
    Action action;
    std::ranges::copy(Row("actions", step), action.begin());
    return action;
  }

 private:
  SafetensorsFile file_;
};

}  // namespace vega
