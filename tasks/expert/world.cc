#include "tasks/expert/world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/base/error.h"
#include "tasks/scene/scene_lookup.h"

namespace vega {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Vector3d Vector(const mjtNum* v) { return {v[0], v[1], v[2]}; }

Matrix3d Matrix(const mjtNum* m) {
  return Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(m);
}

}  // namespace

World::World(const Task& task, const Scene& scene) : scene_(scene) {
  const TaskProblem* problem = task.problem();
  if (problem == nullptr) {
    throw Error("the expert cannot solve " + task.info().name,
                "it plans from a BDDL goal, which this task has not");
  }
  const mjModel& m = model();
  owner_.assign(m.ngeom, -1);
  for (const SceneObject& object : problem->scene.objects) {
    Item item{.name = object.name,
              .category = object.category->name,
              .fixture = object.fixture,
              .size = object.size,
              .body = BodyId(m, object),
              .joints = object.joints};
    for (int geom = 0; geom < m.ngeom; ++geom) {
      if (m.body_rootid[m.geom_bodyid[geom]] != item.body) continue;
      if (m.geom_group[geom] != 0 || (m.geom_contype[geom] | m.geom_conaffinity[geom]) == 0) {
        continue;
      }
      item.geoms.push_back(geom);
      owner_[geom] = static_cast<int>(items_.size());
    }
    items_.push_back(std::move(item));
  }
  for (const SceneSite& site : problem->scene.sites) {
    Region region{.name = site.name,
                  .part = site.name,
                  .item = site.parent.empty() ? nullptr : FindItem(site.parent),
                  .site = SiteId(m, site.name),
                  .half = Vector3d(site.half_size[0], site.half_size[1], site.half_size[2]),
                  .joints = site.joints};
    if (region.item) region.part = site.name.substr(site.parent.size() + 1);
    regions_.push_back(std::move(region));
  }
  for (const BddlPredicate& term : problem->bddl.goal) {
    goals_.push_back({term, MakePredicate(term, problem->bddl.source, problem->scene, m)});
  }
  robot_root_ = m.body_rootid[scene.robot().hand_body];
  base_body_ = mj_name2id(&m, mjOBJ_BODY, "robot0_base");
  table_height_ = kInfinity;
  for (const Item& item : items_) {
    if (!item.fixture) table_height_ = std::min(table_height_, BoundsOf(item).low.z());
  }
  if (table_height_ == kInfinity) table_height_ = RobotBase().z();
}

const Item* World::FindItem(const std::string& name) const {
  const auto found = std::find_if(items_.begin(), items_.end(),
                                  [&](const Item& item) { return item.name == name; });
  return found == items_.end() ? nullptr : &*found;
}

const Region* World::FindRegion(const std::string& name) const {
  const auto found = std::find_if(regions_.begin(), regions_.end(),
                                  [&](const Region& region) { return region.name == name; });
  return found == regions_.end() ? nullptr : &*found;
}

Pose World::PoseOf(const Item& item) const {
  return {Vector(data().xpos + 3 * item.body), Matrix(data().xmat + 9 * item.body)};
}

Pose World::PoseOf(const Region& region) const {
  return {Vector(data().site_xpos + 3 * region.site), Matrix(data().site_xmat + 9 * region.site)};
}

Pose World::PoseOfGeom(int geom) const {
  return {Vector(data().geom_xpos + 3 * geom), Matrix(data().geom_xmat + 9 * geom)};
}

Vector3d World::HalfSizeOfGeom(int geom) const {
  const mjtNum* size = model().geom_size + 3 * geom;
  switch (model().geom_type[geom]) {
    case mjGEOM_SPHERE:
      return Vector3d::Constant(size[0]);
    case mjGEOM_CAPSULE:
      return {size[0], size[0], size[0] + size[1]};
    case mjGEOM_CYLINDER:
      return {size[0], size[0], size[1]};
    default:
      return Vector(size);
  }
}

Bounds World::BoundsOfGeom(int geom) const {
  const Pose pose = PoseOfGeom(geom);
  const Vector3d extent = pose.R.cwiseAbs() * HalfSizeOfGeom(geom);
  return {pose.p - extent, pose.p + extent};
}

Bounds World::BoundsOf(const Item& item) const {
  Bounds bounds{Vector3d::Constant(kInfinity), Vector3d::Constant(-kInfinity)};
  for (const int geom : item.geoms) {
    const Bounds one = BoundsOfGeom(geom);
    bounds.low = bounds.low.cwiseMin(one.low);
    bounds.high = bounds.high.cwiseMax(one.high);
  }
  if (item.geoms.empty()) bounds.low = bounds.high = PoseOf(item).p;
  return bounds;
}

double World::HangOf(const Item& item, const Matrix3d& R) const {
  const Pose root = PoseOf(item);
  const Matrix3d turn = R * root.R.transpose();
  double hang = 0;
  for (const int geom : item.geoms) {
    const Pose pose = PoseOfGeom(geom);
    const Vector3d middle = turn * (pose.p - root.p);
    const Vector3d extent = (turn * pose.R).cwiseAbs() * HalfSizeOfGeom(geom);
    hang = std::max(hang, extent.z() - middle.z());
  }
  return hang;
}

Vector3d World::MiddleOf(const Item& item) const {
  const Pose root = PoseOf(item);
  Vector3d low = Vector3d::Constant(kInfinity), high = -low;
  for (const int geom : item.geoms) {
    const Pose pose = PoseOfGeom(geom);
    const Vector3d middle = root.R.transpose() * (pose.p - root.p);
    const Vector3d extent = (root.R.transpose() * pose.R).cwiseAbs() * HalfSizeOfGeom(geom);
    low = low.cwiseMin(middle - extent);
    high = high.cwiseMax(middle + extent);
  }
  return item.geoms.empty() ? Vector3d(Vector3d::Zero()) : Vector3d((low + high) / 2);
}

double World::Joint(const std::string& name) const {
  return data().qpos[QposAddress(model(), name)];
}

Pose World::Hand() const {
  const int site = scene_.robot().grip_site;
  return {Vector(data().site_xpos + 3 * site), Matrix(data().site_xmat + 9 * site)};
}

double World::Opening() const {
  const auto& fingers = scene_.robot().finger_qpos;
  return data().qpos[fingers[0]] - data().qpos[fingers[1]];
}

double World::OpeningSpeed() const {
  const auto& fingers = scene_.robot().finger_dof;
  return data().qvel[fingers[0]] - data().qvel[fingers[1]];
}

int World::FingerOf(int geom) const {
  for (int finger = 0; finger < kFingers; ++finger) {
    const int root = model().dof_bodyid[scene_.robot().finger_dof[finger]];
    int body = model().geom_bodyid[geom];
    while (body != root && body != 0) body = model().body_parentid[body];
    if (body == root) return finger;
  }
  return -1;
}

const Item* World::Held() const {
  constexpr double kAlong = 0.7;  // cosine of the angle to the closing axis
  const Vector3d closing = Hand().R.col(0);
  std::vector<std::array<bool, kFingers>> presses(items_.size());
  for (int i = 0; i < data().ncon; ++i) {
    const mjContact& contact = data().contact[i];
    if (std::abs(Vector(contact.frame).dot(closing)) < kAlong) continue;
    for (int side = 0; side < 2; ++side) {
      const int item = owner_[contact.geom[side]], finger = FingerOf(contact.geom[1 - side]);
      if (item >= 0 && finger >= 0 && !items_[item].fixture) presses[item][finger] = true;
    }
  }
  for (size_t item = 0; item < items_.size(); ++item) {
    if (presses[item][0] && presses[item][1]) return &items_[item];
  }
  return nullptr;
}

Vector3d World::RobotBase() const { return Vector(data().xpos + 3 * base_body_); }

const Item* World::OwnerOf(int geom) const {
  return owner_[geom] < 0 ? nullptr : &items_[owner_[geom]];
}

bool World::IsRobot(int geom) const {
  return model().body_rootid[model().geom_bodyid[geom]] == robot_root_;
}

bool World::TouchesScene(const Item& item, const Item* except) const {
  for (int i = 0; i < data().ncon; ++i) {
    for (int side = 0; side < 2; ++side) {
      if (OwnerOf(data().contact[i].geom[side]) != &item) continue;
      const int other = data().contact[i].geom[1 - side];
      const Item* owner = OwnerOf(other);
      if (!IsRobot(other) && (owner == nullptr || owner != except)) return true;
    }
  }
  return false;
}

bool World::TouchesRobot(const Item& item) const {
  for (int i = 0; i < data().ncon; ++i) {
    const int* geom = data().contact[i].geom;
    if ((OwnerOf(geom[0]) == &item && IsRobot(geom[1])) ||
        (OwnerOf(geom[1]) == &item && IsRobot(geom[0]))) {
      return true;
    }
  }
  return false;
}

}  // namespace vega
