#include "sim/solver_kernels.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "sim/base/random.h"
#include "tests/sim/contact_scene.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

using Numbers = std::vector<mjtNum>;

// rows of which few blocks hold numbers, as a contact's do, and some full, empty and ragged ones
Numbers SparseRows(RandomStream& random, int rows, int columns) {
  Numbers matrix(size_t(rows) * columns);
  for (int r = 0; r < rows; ++r) {
    const int from = static_cast<int>(random.Below(columns));
    const int length = r % 7 == 0 ? columns : static_cast<int>(random.Below(9));
    for (int c = from; c < std::min(columns, from + length); ++c) {
      matrix[size_t(r) * columns + c] = random.Normal() * std::pow(10.0, random.Uniform(-6, 6));
    }
  }
  return matrix;
}

Numbers Random(RandomStream& random, int size) {
  Numbers values(size);
  for (mjtNum& value : values) value = random.Below(4) == 0 ? 0 : random.Normal();
  return values;
}

// but for the sign of a zero
bool SameBits(Numbers a, Numbers b) {
  for (Numbers* numbers : {&a, &b}) {
    for (mjtNum& x : *numbers) x += 0.0;
  }
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(mjtNum)) == 0;
}

// MuJoCo's Cholesky functions read the lower triangle only
Numbers Lower(const Numbers& matrix, int n) {
  Numbers lower;
  for (int i = 0; i < n; ++i) {
    lower.insert(lower.end(), matrix.begin() + i * n, matrix.begin() + i * n + i + 1);
  }
  return lower;
}

TEST_CASE("The solver's products have the bits of MuJoCo's own", "[sim]") {
  for (const int columns : {1, 3, 7, 9, 24, 43, 57, 66}) {
    RandomStream random(columns, "test/kernels");
    const int rows = 40;
    const Numbers jacobian = SparseRows(random, rows, columns);
    mjModel model{};
    mjData data{};
    model.nv = columns;
    model.opt.jacobian = mjJAC_DENSE;
    data.nefc = rows;
    data.efc_J = const_cast<mjtNum*>(jacobian.data());
    std::vector<int> types(rows, mjCNSTR_FRICTION_DOF);
    data.efc_type = types.data();
    for (int again = 0; again < 3; ++again) {
      const Numbers vector = Random(random, columns), forces = Random(random, rows);
      const auto all = [&] {
        Numbers product(rows), transposed(columns), hessian(size_t(columns) * columns);
        mju_mulMatVec(product.data(), jacobian.data(), vector.data(), rows, columns);
        mju_mulMatTVec(transposed.data(), jacobian.data(), forces.data(), rows, columns);
        Numbers results = product;
        results.insert(results.end(), transposed.begin(), transposed.end());
        Numbers weights = forces;
        for (mjtNum& weight : weights) weight = std::abs(weight);
        for (int twice = 0; twice < 2; ++twice) {
          mju_sqrMatTD(hessian.data(), jacobian.data(), weights.data(), rows, columns);
          const Numbers lower = Lower(hessian, columns);
          results.insert(results.end(), lower.begin(), lower.end());
          for (int i = 0; i < columns; ++i) hessian[i * (columns + 1)] += 1;
          results.push_back(mju_cholFactor(hessian.data(), columns, 1e-15));
          const Numbers factor = Lower(hessian, columns);
          results.insert(results.end(), factor.begin(), factor.end());
          Numbers solved(columns);
          mju_cholSolve(solved.data(), hessian.data(), vector.data(), columns);
          results.insert(results.end(), solved.begin(), solved.end());
        }
        return results;
      };
      const Numbers theirs = all();
      const long before = SolverKernels::served();
      const SolverKernels kernels(model, data);
      CHECK(SameBits(all(), theirs));
      CHECK(SolverKernels::served() >= before + 5);  // they did take MuJoCo's place
    }
  }
}

TEST_CASE("Contacts are solved with the bits of MuJoCo's own solver", "[sim]") {
  const ModelPtr shared = ContactModel();
  const mjModel& model = *shared;
  const DataPtr scene = NewData(model), theirs = NewData(model), ours = NewData(model);
  for (int step = 0; step < 500; ++step) {
    mj_step(&model, scene.get());
    mj_copyData(theirs.get(), &model, scene.get());
    mj_step1(&model, theirs.get());
    mj_copyData(ours.get(), &model, theirs.get());
    mj_step2(&model, theirs.get());
    {
      const SolverKernels kernels(model, *ours);
      mj_step2(&model, ours.get());
    }
    const auto same = [&](const mjtNum* a, const mjtNum* b) {
      return SameBits(Numbers(a, a + model.nv), Numbers(b, b + model.nv));
    };
    REQUIRE(same(ours->qacc, theirs->qacc));
    REQUIRE(same(ours->qvel, theirs->qvel));
  }
  CHECK(scene->nefc > 20);
}

TEST_CASE("MuJoCo itself calls the solver's products while a scene steps", "[sim]") {
  const Recording recording;
  Scene scene(PandaModel());
  ResetPanda(scene);
  scene.SetState(recording.All("init"));
  const long before = SolverKernels::served();
  scene.Step(recording.ActionOf(0));
  const long in_step = SolverKernels::served() - before;
  CHECK(in_step > 100);
  // and nobody else is served
  mjData* data = mj_makeData(&scene.model());
  mj_copyData(data, &scene.model(), &scene.data());
  mj_step(&scene.model(), data);
  mj_deleteData(data);
  CHECK(SolverKernels::served() == before + in_step);
}

}  // namespace
}  // namespace vega
