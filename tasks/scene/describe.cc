// Writes scene.xml and model.json.

#include "tasks/scene/describe.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

Json Names(const mjModel& model, mjtObj kind, int count) {
  Json names = Json::array();
  for (int id = 0; id < count; ++id) {
    const char* name = mj_id2name(&model, kind, id);
    names.push_back(name && *name ? Json(name) : Json());
  }
  return names;
}

// values (rows)
template <typename T>
Json Vector(const T* values, int rows) {
  return Json(std::vector<T>(values, values + rows));
}

// values (rows x columns)
template <typename T>
Json Matrix(const T* values, int rows, int columns) {
  Json matrix = Json::array();
  for (int i = 0; i < rows; ++i) matrix.push_back(Vector(values + i * columns, columns));
  return matrix;
}

Json Describe(const TaskInfo& task, const mjModel& m) {
  Json names = {
      {"body", Names(m, mjOBJ_BODY, m.nbody)},    {"joint", Names(m, mjOBJ_JOINT, m.njnt)},
      {"geom", Names(m, mjOBJ_GEOM, m.ngeom)},    {"site", Names(m, mjOBJ_SITE, m.nsite)},
      {"camera", Names(m, mjOBJ_CAMERA, m.ncam)}, {"actuator", Names(m, mjOBJ_ACTUATOR, m.nu)}};
  return {{"task", task.name},
          {"language", task.instruction},
          {"bddl", task.name + ".bddl"},
          {"nq", m.nq},
          {"nv", m.nv},
          {"nu", m.nu},
          {"timestep", m.opt.timestep},
          {"names", std::move(names)},
          {"jnt_qposadr", Vector(m.jnt_qposadr, m.njnt)},
          {"qpos0", Vector(m.qpos0, m.nq)},
          {"body_mass", Vector(m.body_mass, m.nbody)},
          {"body_pos", Matrix(m.body_pos, m.nbody, 3)},
          {"body_quat", Matrix(m.body_quat, m.nbody, 4)},
          {"dof_damping", Vector(m.dof_damping, m.nv)},
          {"dof_armature", Vector(m.dof_armature, m.nv)},
          {"dof_frictionloss", Vector(m.dof_frictionloss, m.nv)},
          {"jnt_range", Matrix(m.jnt_range, m.njnt, 2)},
          {"geom_size", Matrix(m.geom_size, m.ngeom, 3)},
          {"geom_friction", Matrix(m.geom_friction, m.ngeom, 3)},
          {"geom_solref", Matrix(m.geom_solref, m.ngeom, mjNREF)},
          {"geom_solimp", Matrix(m.geom_solimp, m.ngeom, mjNIMP)},
          {"geom_contype", Vector(m.geom_contype, m.ngeom)},
          {"geom_conaffinity", Vector(m.geom_conaffinity, m.ngeom)},
          {"geom_group", Vector(m.geom_group, m.ngeom)},
          {"cam_pos", Matrix(m.cam_pos, m.ncam, 3)},
          {"cam_quat", Matrix(m.cam_quat, m.ncam, 4)},
          {"cam_fovy", Vector(m.cam_fovy, m.ncam)}};
}

void WriteText(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

}  // namespace

void WriteDescription(const TaskInfo& task, const std::string& mjcf, const mjModel& model,
                      const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(fmt::format("cannot create {}: {}", folder.string(), error.message()));
  }
  WriteText(folder / "scene.xml", mjcf);
  WriteText(folder / "model.json", Describe(task, model).dump(1));
}

}  // namespace vega
