// Compiling MJCF and viewing a shared model.

#include "sim/model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/mujoco_handlers.h"

namespace vega {
namespace {

using SpecPtr = std::unique_ptr<mjSpec, decltype(&mj_deleteSpec)>;

// MuJoCo's messages span lines and may be empty
std::string OneLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "no reason given" : text;
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

ModelView::ModelView(ModelPtr base)
    : base_(std::move(base)),
      view_(*base_),
      body_pos_(3 * base_->nbody),
      body_quat_(4 * base_->nbody),
      site_rgba_(4 * base_->nsite) {
  view_.body_pos = body_pos_.data();
  view_.body_quat = body_quat_.data();
  view_.site_rgba = site_rgba_.data();
  Restore();
}

void ModelView::Restore() {
  std::copy_n(base_->body_pos, body_pos_.size(), body_pos_.begin());
  std::copy_n(base_->body_quat, body_quat_.size(), body_quat_.begin());
  std::copy_n(base_->site_rgba, site_rgba_.size(), site_rgba_.begin());
}

}  // namespace vega
