// Scenes in other colours: which things are painted, and that a larger share paints the same and
// more.

#include "tasks/recolour.h"

#include <catch2/catch.hpp>
#include <set>

#include "sim/scene.h"
#include "tests/tasks/fake_task.h"

namespace vega {
namespace {

// the fake task with a floor and two boxes of one material
ModelPtr ColouredModel() {
  std::string mjcf = FakeMjcf();
  const std::string world = "<worldbody>";
  mjcf.insert(mjcf.find(world) + world.size(),
              "<geom name='floor' type='plane' size='3 3 1' rgba='1 1 1 1'/>"
              "<body name='one'><geom name='one' size='.1' material='wood'/>"
              "<body><geom name='lid' size='.1' material='wood'/></body></body>"
              "<body name='two'><geom name='two' size='.1' material='wood'/></body>");
  mjcf.insert(mjcf.find(world), "<asset><material name='wood' rgba='.8 .4 .2 1'/></asset>");
  return CompileMjcf(mjcf, "coloured");
}

struct Look {
  int material = 0;
  std::vector<float> rgba;
  bool operator==(const Look&) const = default;
};

Look LookOf(const mjModel& model, const char* geom) {
  const int id = mj_name2id(&model, mjOBJ_GEOM, geom);
  const float* rgba = model.geom_rgba + 4 * id;
  return {model.geom_matid[id], {rgba, rgba + 4}};
}

TEST_CASE("things are painted by their share, whole, and never the robot") {
  const ModelPtr model = ColouredModel();
  std::set<bool> textured;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Scene scene(model);
    RandomStream random(seed, "paint");
    Recolour(scene.mutable_model(), 1, random);
    const mjModel& is = scene.model();
    for (const char* geom : {"floor", "one", "lid", "two"}) {
      CHECK_FALSE(LookOf(is, geom) == LookOf(*model, geom));
      CHECK(LookOf(is, geom).rgba[3] == 1);
    }
    CHECK(LookOf(is, "one") == LookOf(is, "lid"));
    CHECK_FALSE(LookOf(is, "one") == LookOf(is, "two"));
    textured.insert(LookOf(is, "one").material >= 0);
    const PandaIndices robot = PandaIndices::Find(is);
    for (int geom = 0; geom < is.ngeom; ++geom) {
      if (is.body_rootid[is.geom_bodyid[geom]] != is.body_rootid[robot.hand_body]) continue;
      CHECK(is.geom_matid[geom] == model->geom_matid[geom]);
      CHECK(std::equal(is.geom_rgba + 4 * geom, is.geom_rgba + 4 * geom + 4,
                       model->geom_rgba + 4 * geom));
    }
  }
  CHECK(textured.size() == 2);
}

TEST_CASE("a larger share paints the same things and more") {
  const ModelPtr model = ColouredModel();
  int before = 0;
  for (const double share : {0.0, 0.3, 0.6, 1.0}) {
    int painted = 0;
    for (uint64_t seed = 0; seed < 30; ++seed) {
      const auto paint = [&](double part) {
        auto scene = std::make_unique<Scene>(model);
        RandomStream random(seed, "paint");
        Recolour(scene->mutable_model(), part, random);
        return scene;
      };
      const auto some = paint(share), all = paint(1);
      for (const char* geom : {"floor", "one", "two"}) {
        const Look look = LookOf(some->model(), geom);
        if (look == LookOf(*model, geom)) continue;
        CHECK(look == LookOf(all->model(), geom));
        ++painted;
      }
    }
    CHECK((share == 0 ? painted == 0 : painted > before));
    before = painted;
  }
  CHECK(before == 90);
}

}  // namespace
}  // namespace vega
