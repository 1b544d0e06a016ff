// Drawing, camera, picking and holding.

#include "viewer/scene_view.h"

#include <algorithm>
#include <utility>

#include "sim/base/error.h"
#include "viewer/scene_overlays.h"

namespace vega {
namespace {

constexpr int kMaxGeoms = 4000;
constexpr int kOffscreen = 64;        // pixels: of a buffer that is not drawn to
constexpr double kErrorBudget = 0.5;  // pixels a simplified surface may be off

// MuJoCo keeps the policy's renderer and the window apart by thread; making contexts it does not
mjrContext MakeContext(const mjModel& model) {
  mjrContext context;
  mjr_defaultContext(&context);
  mjr_makeContext(&model, &context, mjFONTSCALE_100);
  if (const int code = mjr_getError()) {
    throw Error("OpenGL error " + std::to_string(code) + " while the scene was loaded",
                "MuJoCo needs OpenGL 1.5 with ARB_framebuffer_object; see vega doctor");
  }
  return context;
}

// frames, contacts and forces in metres of a table top: MuJoCo scales them by the mean size of all
// geoms, which walls and floor make that of furniture
void ScaleMarks(mjModel& model) {
  const auto scale = [&](float metres) {
    return metres / std::max(1e-3f, static_cast<float>(model.stat.meansize));
  };
  model.vis.scale.framelength = scale(0.06f);
  model.vis.scale.framewidth = scale(0.003f);
  model.vis.scale.contactwidth = scale(0.008f);
  model.vis.scale.contactheight = scale(0.002f);
  model.vis.scale.forcewidth = scale(0.004f);
  model.vis.scale.selectpoint = scale(0.01f);
}

// whether only geoms are shown that RenderModel keeps
bool VisualOnly(const mjvOption& options) {
  const mjvOption visual = VisualOptions();
  for (int group = 0; group < mjNGROUP; ++group) {
    if (options.geomgroup[group] && !visual.geomgroup[group]) return false;
  }
  return !options.flags[mjVIS_CONVEXHULL];
}

}  // namespace

SceneResources::SceneResources(ModelPtr model)
    : model_(std::move(model)),
      drawn_(*model_, RenderQuality::kFast, kOffscreen, kOffscreen),
      visual_(MakeContext(drawn_.model())) {}

SceneResources::~SceneResources() {
  mjr_freeContext(&visual_);
  if (whole_) mjr_freeContext(&*whole_);
}

const mjrContext& SceneResources::Prepare(const mjvOption& options, int height,
                                          mjvScene& scene) const {
  if (VisualOnly(options)) {
    drawn_.ChooseLevels(kErrorBudget, height, scene);
    return visual_;
  }
  if (!whole_) whole_ = MakeContext(*model_);
  return *whole_;
}

SceneView::SceneView(std::shared_ptr<const SceneResources> resources)
    : resources_(std::move(resources)), view_(resources_->model()) {
  mjModel* m = &view_.get();
  ScaleMarks(*m);
  data_ = mj_makeData(m);
  mjv_defaultScene(&scene_);
  mjv_defaultOption(&options_);
  mjv_defaultFreeCamera(m, &camera_);
  mjv_defaultPerturb(&push_);
  mjv_makeScene(m, &scene_, kMaxGeoms);
  options_.geomgroup[0] = 0;  // collision shapes
  // from the front and above, where the published agent view stands, a little aside
  camera_.distance = 1.7;
  camera_.azimuth = 155;
  camera_.elevation = -30;
}

SceneView::~SceneView() {
  mjv_freeScene(&scene_);
  mj_deleteData(data_);
}

void SceneView::Show(const SnapshotPtr& snapshot, int substep) {
  const bool contacts = options_.flags[mjVIS_CONTACTPOINT] || options_.flags[mjVIS_CONTACTFORCE];
  shown_ = snapshot;
  mjModel* m = &view_.get();
  view_.Load(snapshot->scene.model);
  mj_setState(m, data_, snapshot->scene.physics.data(), mjSTATE_INTEGRATION);
  const bool within = substep >= 0 && substep < static_cast<int>(snapshot->substeps.size());
  const std::vector<double>& row = within ? snapshot->substeps[substep] : snapshot->state;
  data_->time = row[0];
  std::copy_n(row.begin() + 1, m->nq, data_->qpos);
  std::copy_n(row.begin() + 1 + m->nq, m->nv, data_->qvel);
  if (contacts) {
    mj_forward(m, data_);
  } else {
    mj_kinematics(m, data_);
    mj_comPos(m, data_);
    mj_camlight(m, data_);
  }
  if (!aimed_) AimAt(snapshot->proprio().eef_pos);
}

void SceneView::AimAt(const std::array<double, 3>& eef_pos) {
  camera_.lookat[0] = eef_pos[0] + 0.15;
  camera_.lookat[1] = 0.05;
  camera_.lookat[2] = eef_pos[2] - 0.2;
  aimed_ = true;
}

void SceneView::Draw(const mjrRect& viewport, const Overlays& overlays) {
  mjv_updateScene(&view_.get(), data_, &options_, &push_, &camera_, mjCAT_ALL, &scene_);
  if (shown_ != nullptr) {
    if (overlays.goal_regions) AddGoalRegions(*shown_, *data_, scene_);
    if (overlays.action_chunk) AddActionChunk(*shown_, scene_);
  }
  const mjrContext& context = resources_->Prepare(options_, viewport.height, scene_);
  mjr_setBuffer(mjFB_WINDOW, const_cast<mjrContext*>(&context));
  mjr_render(viewport, &scene_, &context);
}

void SceneView::DrawCamera(const mjrRect& viewport, int camera) {
  mjvCamera fixed = camera_;
  fixed.type = mjCAMERA_FIXED;
  fixed.fixedcamid = camera;
  const mjvOption options = VisualOptions();
  mjv_updateScene(&view_.get(), data_, &options, nullptr, &fixed, mjCAT_ALL, &scene_);
  mjr_render(viewport, &scene_, &resources_->Prepare(options, viewport.height, scene_));
}

void SceneView::MoveCamera(mjtMouse action, double dx, double dy) {
  if (camera_.type == mjCAMERA_FIXED) SetCamera(-1);
  mjv_moveCamera(&view_.get(), action, dx, dy, &scene_, &camera_);
}

std::optional<Picked> SceneView::Pick(double x, double y, double aspect) const {
  mjtNum point[3];
  int geom = -1, flex = -1, skin = -1;
  const int body =
      mjv_select(&view_.get(), data_, &options_, aspect, x, y, &scene_, point, &geom, &flex, &skin);
  if (body <= 0) return {};
  return Picked{body, {point[0], point[1], point[2]}};
}

int SceneView::camera() const {
  if (camera_.type == mjCAMERA_FIXED) return camera_.fixedcamid;
  return camera_.type == mjCAMERA_TRACKING ? -2 : -1;
}

void SceneView::SetCamera(int index) {
  camera_.type = index < 0 ? mjCAMERA_FREE : mjCAMERA_FIXED;
  camera_.fixedcamid = std::max(index, -1);
  camera_.trackbodyid = -1;
}

void SceneView::Track(int body) {
  camera_.type = mjCAMERA_TRACKING;
  camera_.trackbodyid = body;
  camera_.fixedcamid = -1;
}

void SceneView::Hold(const Picked& picked) {
  push_.select = picked.body;
  push_.active = mjPERT_TRANSLATE;
  const mjtNum* body = data_->xpos + 3 * picked.body;
  mjtNum offset[3];
  for (int i = 0; i < 3; ++i) offset[i] = picked.point[i] - body[i];
  mju_mulMatTVec(push_.localpos, data_->xmat + 9 * picked.body, offset, 3, 3);
  mjv_initPerturb(&view_.get(), data_, &scene_, &push_);
}

void SceneView::MoveHeld(mjtMouse action, double dx, double dy) {
  push_.active =
      action == mjMOUSE_ROTATE_V || action == mjMOUSE_ROTATE_H ? mjPERT_ROTATE : mjPERT_TRANSLATE;
  mjv_movePerturb(&view_.get(), data_, action, dx, dy, &scene_, &push_);
}

std::optional<SceneView::Placed> SceneView::HeldPose() {
  const mjModel& m = view_.get();
  if (push_.select <= 0 || push_.active == 0) return {};
  const int root = m.body_rootid[push_.select];
  if (m.body_jntnum[root] != 1 || m.jnt_type[m.body_jntadr[root]] != mjJNT_FREE) return {};
  mjv_applyPerturbPose(&m, data_, &push_, /*flg_paused=*/1);
  Placed placed{m.jnt_qposadr[m.body_jntadr[root]], {}};
  std::copy_n(data_->qpos + placed.qposadr, 7, placed.pose.begin());
  return placed;
}

void SceneView::Release() { push_.active = 0; }

}  // namespace vega
