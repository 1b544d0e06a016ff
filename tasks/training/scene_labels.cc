#include "tasks/training/scene_labels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.h"
#include "sim/camera.h"
#include "tasks/scene/geom_categories.h"
#include "tasks/training/box_outline.h"
#include "tasks/training/pack_plan.h"

namespace vega {
namespace {

constexpr int kRolePixels = kLabelCell * kLabelCell / 4;

bool IsBelow(const mjModel& model, int body, int ancestor) {
  while (body != ancestor && body != 0) body = model.body_parentid[body];
  return body == ancestor;
}

std::array<double, 3> ToArray(const Vector3d& v) { return {v.x(), v.y(), v.z()}; }

}  // namespace

SceneLabels::SceneLabels(const Environment& environment, std::shared_ptr<const ExpertTables> tables,
                         const std::vector<std::string>& categories)
    : environment_(environment),
      tables_(std::move(tables)),
      world_(environment.task(), environment.scene()) {
  for (const std::string& name : GeomCategories(environment.task())) {
    const auto found = std::find(categories.begin(), categories.end(), name);
    category_.push_back(static_cast<uint8_t>(found - categories.begin()));
  }
}

SceneLabels::Thing SceneLabels::Whole(const Item& item) const {
  const mjModel& model = world_.model();
  Thing thing{.position = ToArray(world_.PoseOf(item).p)};
  for (int geom = 0; geom < model.ngeom; ++geom) {
    if (model.body_rootid[model.geom_bodyid[geom]] == item.body) thing.geoms.push_back(geom);
  }
  return thing;
}

// what moves with the joints; its place is the middle of the box around it
SceneLabels::Thing SceneLabels::Part(const std::vector<std::string>& joints,
                                     const Item& owner) const {
  if (joints.empty()) return Whole(owner);
  const mjModel& model = world_.model();
  Thing thing;
  Vector3d low = Vector3d::Constant(std::numeric_limits<double>::infinity()), high = -low;
  for (const std::string& name : joints) {
    const int joint = mj_name2id(&model, mjOBJ_JOINT, name.c_str());
    for (int geom = 0; geom < model.ngeom; ++geom) {
      if (!IsBelow(model, model.geom_bodyid[geom], model.jnt_bodyid[joint])) continue;
      thing.geoms.push_back(geom);
      if (world_.OwnerOf(geom) == nullptr) continue;  // is only seen
      const Bounds bounds = world_.BoundsOfGeom(geom);
      low = low.cwiseMin(bounds.low);
      high = high.cwiseMax(bounds.high);
    }
  }
  const bool solid = (low.array() <= high.array()).all();
  thing.position = ToArray(solid ? Vector3d((low + high) / 2) : world_.PoseOf(owner).p);
  return thing;
}

SceneLabels::Thing SceneLabels::Place(const Region& region) const {
  Thing thing = region.item ? Whole(*region.item) : Thing{};
  thing.region = &region;
  thing.position = ToArray(world_.PoseOf(region).p);
  return thing;
}

std::optional<SceneLabels::Act> SceneLabels::NextAct() const {
  const std::vector<PlanStep> steps = StepsLeft(world_, *tables_);
  if (steps.empty()) return {};
  const PlanStep& step = steps.front();
  const Item* item = world_.FindItem(step.subject);
  const Region* region = world_.FindRegion(step.subject);
  Act act;
  if (step.skill != Skill::kMove) {
    act.subject =
        region && region->item ? Part(region->joints, *region->item) : Part(item->joints, *item);
    act.target = act.subject;
    return act;
  }
  act.subject = Whole(*item);
  const Item* target = world_.FindItem(step.target);
  act.target = target ? Whole(*target) : Place(*world_.FindRegion(step.target));
  return act;
}

LabelPoints SceneLabels::Points() const {
  const mjData& data = world_.data();
  const int base = mj_name2id(&world_.model(), mjOBJ_BODY, "robot0_base");
  const auto to_base = [&](const std::array<double, 3>& point, float* out) {
    mjtNum offset[3], local[3];
    mju_sub3(offset, point.data(), data.xpos + 3 * base);
    mju_mulMatTVec3(local, data.xmat + 9 * base, offset);
    std::copy_n(local, 3, out);
  };
  LabelPoints points;
  points.fill(std::numeric_limits<float>::quiet_NaN());
  if (act_) {
    to_base(act_->subject.position, &points[0]);
    to_base(act_->target.position, &points[3]);
  }
  to_base(ToArray(world_.Hand().p), &points[6]);
  return points;
}

std::vector<bool> SceneLabels::Shown(const Thing& thing, const std::vector<int>& shown,
                                     const std::string& camera, int size) const {
  std::vector<bool> own(world_.model().ngeom, false);
  for (const int geom : thing.geoms) own[geom] = true;
  std::vector<bool> pixels(shown.size());
  if (thing.region == nullptr) {
    for (size_t i = 0; i < shown.size(); ++i) pixels[i] = shown[i] >= 0 && own[shown[i]];
    return pixels;
  }
  // within the box's outline: the owner, or where there is none the table under it
  const Pose pose = world_.PoseOf(*thing.region);
  const std::vector<bool> outline =
      BoxOutline(world_.data(), FindCamera(world_.model(), camera), pose, thing.region->half, size);
  for (size_t i = 0; i < shown.size(); ++i) {
    const int geom = shown[i];
    const bool background = geom < 0 || category_[geom] == 0;
    pixels[i] = outline[i] && (thing.geoms.empty() ? background : geom >= 0 && own[geom]);
  }
  return pixels;
}

LabelMaps SceneLabels::Maps(EglRenderer& renderer, const std::string& camera, int size) const {
  const std::vector<int> shown = renderer.RenderGeoms(environment_.scene(), camera, size, size);
  std::vector<bool> acted_on(shown.size()), goes_to(shown.size());
  if (act_) {
    acted_on = Shown(act_->subject, shown, camera, size);
    goes_to = Shown(act_->target, shown, camera, size);
  }
  const int side = size / kLabelCell;
  LabelMaps maps{std::vector<uint8_t>(side * side), std::vector<uint8_t>(side * side)};
  for (int cell = 0; cell < side * side; ++cell) {
    std::array<uint8_t, 256> pixels_of{};
    int acting = 0, going = 0;
    for (int pixel = 0; pixel < kLabelCell * kLabelCell; ++pixel) {
      const int y = cell / side * kLabelCell + pixel / kLabelCell;
      const int x = cell % side * kLabelCell + pixel % kLabelCell;
      const size_t i = static_cast<size_t>(y) * size + x;
      ++pixels_of[shown[i] < 0 ? 0 : category_[shown[i]]];
      acting += acted_on[i];
      going += goes_to[i];
    }
    maps.segmentation[cell] = static_cast<uint8_t>(
        std::max_element(pixels_of.begin(), pixels_of.end()) - pixels_of.begin());
    maps.roles[cell] = static_cast<uint8_t>((acting >= kRolePixels ? kActedOn : 0) |
                                            (going >= kRolePixels ? kGoesTo : 0));
  }
  return maps;
}

}  // namespace vega
