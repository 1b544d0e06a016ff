#include "viewer/scene_view.h"

#include <algorithm>
#include <utility>

namespace vega {
namespace {

constexpr int kMaxGeoms = 4000;

}  // namespace

SceneView::SceneView(ModelPtr model) : view_(std::move(model)) {
  mjModel* m = &view_.get();
  data_ = mj_makeData(m);
  mjv_defaultScene(&scene_);
  mjv_defaultOption(&options_);
  mjv_defaultFreeCamera(m, &camera_);
  mjr_defaultContext(&context_);
  mjv_makeScene(m, &scene_, kMaxGeoms);
  mjr_makeContext(m, &context_, mjFONTSCALE_100);
  options_.geomgroup[0] = 0;  // collision shapes
  // from the front and above, where the published agent view stands, a little aside
  camera_.distance = 1.7;
  camera_.azimuth = 155;
  camera_.elevation = -30;
}

SceneView::~SceneView() {
  mjr_freeContext(&context_);
  mjv_freeScene(&scene_);
  mj_deleteData(data_);
}

void SceneView::Show(const Snapshot& snapshot) {
  mjModel* m = &view_.get();
  std::ranges::copy(snapshot.body_pos, m->body_pos);
  std::ranges::copy(snapshot.body_quat, m->body_quat);
  std::ranges::copy(snapshot.site_rgba, m->site_rgba);
  data_->time = snapshot.state[0];
  std::copy_n(snapshot.state.begin() + 1, m->nq, data_->qpos);
  std::copy_n(snapshot.state.begin() + 1 + m->nq, m->nv, data_->qvel);
  mj_kinematics(m, data_);
  mj_comPos(m, data_);
  mj_camlight(m, data_);
  if (!aimed_) AimAt(snapshot.proprio.eef_pos);
}

void SceneView::AimAt(const std::array<double, 3>& eef_pos) {
  camera_.lookat[0] = eef_pos[0] + 0.15;
  camera_.lookat[1] = 0.05;
  camera_.lookat[2] = eef_pos[2] - 0.2;
  aimed_ = true;
}

void SceneView::Draw(int width, int height) {
  mjv_updateScene(&view_.get(), data_, &options_, nullptr, &camera_, mjCAT_ALL, &scene_);
  mjr_setBuffer(mjFB_WINDOW, &context_);
  mjr_render({0, 0, width, height}, &scene_, &context_);
}

void SceneView::MoveCamera(mjtMouse action, double dx, double dy) {
  SetCamera(-1);
  mjv_moveCamera(&view_.get(), action, dx, dy, &scene_, &camera_);
}

void SceneView::SetCamera(int index) {
  if (index < 0) {
    camera_.type = mjCAMERA_FREE;
    camera_.fixedcamid = -1;
    return;
  }
  camera_.type = mjCAMERA_FIXED;
  camera_.fixedcamid = index;
}

}  // namespace vega
