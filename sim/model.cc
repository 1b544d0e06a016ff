// Compiling MJCF and viewing a shared model.

#include "sim/model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/mujoco_handlers.h"
#include "sim/model_cache.h"

namespace vega {
namespace {

using SpecPtr = std::unique_ptr<mjSpec, decltype(&mj_deleteSpec)>;

// MuJoCo's messages span lines and may be empty
std::string OneLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "no reason given" : text;
}

// calls visit(array of mjModel, vector of `edits`, its size) for each
template <typename Visit>
void ForEachEdit(const mjModel& m, ModelEdits& edits, const Visit& visit) {
  const auto size = [](int rows, int columns) { return static_cast<size_t>(rows) * columns; };
  visit(&mjModel::body_pos, edits.body_pos, size(m.nbody, 3));
  visit(&mjModel::body_quat, edits.body_quat, size(m.nbody, 4));
  visit(&mjModel::cam_pos, edits.cam_pos, size(m.ncam, 3));
  visit(&mjModel::cam_quat, edits.cam_quat, size(m.ncam, 4));
  visit(&mjModel::light_pos, edits.light_pos, size(m.nlight, 3));
  visit(&mjModel::light_dir, edits.light_dir, size(m.nlight, 3));
  visit(&mjModel::light_diffuse, edits.light_diffuse, size(m.nlight, 3));
  visit(&mjModel::site_rgba, edits.site_rgba, size(m.nsite, 4));
  visit(&mjModel::geom_matid, edits.geom_matid, size(m.ngeom, 1));
  visit(&mjModel::geom_rgba, edits.geom_rgba, size(m.ngeom, 4));
}

}  // namespace

ModelPtr CompileMjcf(const std::string& mjcf, const std::string& name) {
  InstallMujocoHandlers();
  std::array<char, 1024> message{};
  const SpecPtr spec(mj_parseXMLString(mjcf.c_str(), nullptr, message.data(), message.size()),
                     mj_deleteSpec);
  if (!spec) throw Error(name + ": not a valid MJCF model: " + OneLine(message.data()));
  mjModel* model = mj_compile(spec.get(), nullptr);
  if (!model) throw Error(name + ": cannot be compiled: " + OneLine(mjs_getError(spec.get())));
  return {model, [](const mjModel* m) { mj_deleteModel(const_cast<mjModel*>(m)); }};
}

ModelPtr CompileMjcfOnce(const std::string& mjcf, const std::string& name) {
  const CacheKey key = ModelKey(mjcf);
  if (ModelPtr cached = FindModel(key)) return cached;
  ModelPtr model = CompileMjcf(mjcf, name);
  StoreModel(key, *model);
  return model;
}

ModelView::ModelView(ModelPtr base) : base_(std::move(base)), view_(*base_) {
  ForEachEdit(*base_, edits_, [&](auto mjModel::*array, auto& values, size_t size) {
    values.resize(size);
    view_.*array = values.data();
  });
  Restore();
}

void ModelView::Restore() {
  ForEachEdit(*base_, edits_, [&](auto mjModel::*array, auto& values, size_t size) {
    std::copy_n((*base_).*array, size, values.begin());
  });
}

void ModelView::Load(const ModelEdits& edits) {
  ModelEdits copy = edits;
  ForEachEdit(*base_, copy, [&](auto mjModel::*, auto& values, size_t size) {
    if (values.size() != size) throw Error("the saved state belongs to another task's scene");
  });
  ForEachEdit(*base_, copy, [&](auto mjModel::*array, auto& values, size_t) {
    std::copy(values.begin(), values.end(), view_.*array);
  });
}

}  // namespace vega
