#include "tasks/dataset/demonstration.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <filesystem>

#include "sim/base/file.h"
#include "sim/base/paths.h"
#include "tasks/bddl/bddl.h"
#include "tasks/scene/scene_composer.h"

namespace vega {

namespace fs = std::filesystem;

DemoTask DescribeDemoTask(const Suite& suite, int index) {
  const TaskEntry& entry = suite.tasks.at(index);
  const BddlProblem problem = LoadBddl(entry.bddl);
  return {.suite = suite.name,
          .index = index,
          .name = entry.name,
          .instruction = entry.instruction,
          .problem_name = problem.problem_name,
          .bddl_file = "bddl_files" / fs::path(suite.name).filename() / entry.bddl.filename(),
          .bddl_content = std::string(MappedFile(entry.bddl).text()),
          .mjcf = ComposeScene(problem, Data()).mjcf};
}

DeflatedImage Deflate(const Image& image, int level) {
  uLongf size = compressBound(image.pixels.size());
  DeflatedImage deflated(size);
  [[maybe_unused]] const int code =
      compress2(deflated.data(), &size, image.pixels.data(), image.pixels.size(), level);
  assert(code == Z_OK);
  deflated.resize(size);
  deflated.shrink_to_fit();
  return deflated;
}

std::array<double, 3> AxisAngle(std::span<const double, 4> quat) {
  const double w = std::clamp(quat[3], -1.0, 1.0);
  const double length = std::sqrt(1 - w * w);
  if (length < 1e-9) return {0, 0, 0};
  const double scale = 2 * std::acos(w) / length;
  return {quat[0] * scale, quat[1] * scale, quat[2] * scale};
}

}  // namespace vega
