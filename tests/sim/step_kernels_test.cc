#include "sim/step_kernels.h"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/base/random.h"
#include "tests/sim/contact_scene.h"

namespace vega {
namespace {

using Numbers = std::vector<mjtNum>;

struct Frame {
  mjtNum pos[3], mat[9];
};

// turned anyhow, or along the world's axes, where a side without an end says nothing
Frame RandomFrame(RandomStream& random, bool turned) {
  Frame frame;
  mjtNum quat[4] = {1, 0, 0, 0};
  for (int i = 0; turned && i < 4; ++i) quat[i] = random.Normal();
  mju_normalize4(quat);
  mju_quat2Mat(frame.mat, quat);
  for (mjtNum& x : frame.pos) x = random.Normal();
  return frame;
}

// centre and half sizes; now and then without an end
std::vector<Numbers> RandomBoxes(RandomStream& random, int count) {
  std::vector<Numbers> boxes(count, Numbers(6));
  for (Numbers& box : boxes) {
    for (int i = 0; i < 3; ++i) {
      box[i] = random.Normal();
      box[3 + i] = random.Below(12) == 0 ? mjMAXVAL : random.Uniform(0.05, 1);
    }
  }
  return boxes;
}

// the answers for all pairs of boxes of two bodies, as a search through their trees asks
std::vector<int> Answers(const Frame& a, const Frame& b, const std::vector<Numbers>& of_a,
                         const std::vector<Numbers>& of_b, mjtNum margin) {
  mjtNum product[36], offset[12];
  mjtByte initialize = 1;
  std::vector<int> answers;
  for (const Numbers& x : of_a) {
    for (const Numbers& y : of_b) {
      answers.push_back(mj_collideOBB(x.data(), y.data(), a.pos, a.mat, b.pos, b.mat, margin,
                                      product, offset, &initialize));
    }
  }
  return answers;
}

TEST_CASE("Boxes around parts of two bodies are told apart as MuJoCo does", "[sim]") {
  RandomStream random(1, "test/boxes");
  const mjModel model{};
  int touch = 0, all = 0;
  for (int i = 0; i < 500; ++i) {
    const Frame a = RandomFrame(random, i % 2), b = RandomFrame(random, i % 2);
    const auto of_a = RandomBoxes(random, 3), of_b = RandomBoxes(random, 4);
    const mjtNum margin = i % 3 == 0 ? 0.1 : 0;
    const std::vector<int> theirs = Answers(a, b, of_a, of_b, margin);
    const long before = StepKernels::served();
    const StepKernels kernels(model);
    REQUIRE(Answers(a, b, of_a, of_b, margin) == theirs);
    REQUIRE(StepKernels::served() == before + 12);
    for (const int answer : theirs) touch += answer;
    all += 12;
  }
  CHECK(touch > all / 10);
  CHECK(touch < all * 9 / 10);
}

TEST_CASE("A step's first half has the bits of MuJoCo's own", "[sim]") {
  const ModelPtr shared = ContactModel();
  const mjModel& model = *shared;
  const DataPtr scene = NewData(model), theirs = NewData(model), ours = NewData(model);
  int contacts = 0;
  for (int step = 0; step < 500; ++step) {
    mj_step(&model, scene.get());
    mj_copyData(theirs.get(), &model, scene.get());
    mj_copyData(ours.get(), &model, scene.get());
    mj_step1(&model, theirs.get());
    {
      const long before = StepKernels::served();
      const StepKernels kernels(model);
      mj_step1(&model, ours.get());
      REQUIRE(StepKernels::served() > before);
    }
    REQUIRE(ours->ncon == theirs->ncon);
    REQUIRE(ours->nefc == theirs->nefc);
    // by value, so that the sign of a zero does not count
    const auto same = [](const mjtNum* a, const mjtNum* b, size_t count) {
      return Numbers(a, a + count) == Numbers(b, b + count);
    };
    REQUIRE(same(ours->efc_J, theirs->efc_J, size_t(ours->nefc) * model.nv));
    REQUIRE(same(ours->efc_aref, theirs->efc_aref, ours->nefc));
    REQUIRE(same(ours->efc_D, theirs->efc_D, ours->nefc));
    REQUIRE(same(ours->qfrc_gravcomp, theirs->qfrc_gravcomp, model.nv));
    REQUIRE(same(ours->qfrc_passive, theirs->qfrc_passive, model.nv));
    contacts += ours->ncon;
  }
  CHECK(contacts > 2000);
  // and nobody else is served
  const long before = StepKernels::served();
  mj_step1(&model, theirs.get());
  CHECK(StepKernels::served() == before);
}

}  // namespace
}  // namespace vega
