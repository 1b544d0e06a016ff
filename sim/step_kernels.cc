#include "sim/step_kernels.h"

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "sim/column_blocks.h"
#include "sim/mujoco_own.h"

namespace vega {
namespace {

thread_local bool on = false;
thread_local long served_calls = 0;

// The latest difference of Jacobians, until it is turned into the contact's frame: where it lies
// and which blocks of four columns hold numbers.
struct Difference {
  const mjtNum* translation = nullptr;
  const mjtNum* rotation = nullptr;
  uint64_t blocks = 0;
};
thread_local Difference latest;

// three lanes of four
__m256i Three() { return _mm256_setr_epi64x(-1, -1, -1, 0); }

__m256d Load3(const mjtNum* from) { return _mm256_maskload_pd(from, Three()); }

// The first test of two frames needs what lies along frame 0's axes, and often that is all.
constexpr mjtByte kNothing = 1, kFirstFrame = 2, kBothFrames = 0;  // *initialize

// For the axes k of frame j: product[18 i + 9 j + 3 l + k] = axis l of frame i along axis k,
// offset[6 i + 3 j + k] = place of frame i along it. (MuJoCo has l last; nobody else reads them.)
void AddFrame(const mjtNum* const xpos[2], const mjtNum* const xmat[2], int j, mjtNum* product,
              mjtNum* offset) {
  const __m256d rows[3] = {Load3(xmat[j]), Load3(xmat[j] + 3), Load3(xmat[j] + 6)};
  const auto along = [&](const mjtNum* vector, int stride) {
    const __m256d x = _mm256_mul_pd(_mm256_broadcast_sd(vector), rows[0]);
    const __m256d y = _mm256_mul_pd(_mm256_broadcast_sd(vector + stride), rows[1]);
    const __m256d z = _mm256_mul_pd(_mm256_broadcast_sd(vector + 2 * stride), rows[2]);
    return _mm256_add_pd(_mm256_add_pd(x, y), z);
  };
  for (int i = 0; i < 2; ++i) {
    for (int l = 0; l < 3; ++l) {
      _mm256_maskstore_pd(product + 18 * i + 9 * j + 3 * l, Three(), along(xmat[i] + l, 3));
    }
    _mm256_maskstore_pd(offset + 6 * i + 3 * j, Three(), along(xpos[i], 1));
  }
}

// along which axes a box has no end, a bit each
int Endless(const mjtNum aabb[6]) {
  const __m256d limit = _mm256_set1_pd(mjMAXVAL);
  return _mm256_movemask_pd(_mm256_cmp_pd(Load3(aabb + 3), limit, _CMP_GE_OQ));
}

// where a box lies along three axes: its centre and how far it reaches
struct Shadow {
  __m256d centre, radius;
};

Shadow ShadowOf(const mjtNum aabb[6], const mjtNum* product, const mjtNum* offset) {
  const __m256d sign = _mm256_set1_pd(-0.0);
  __m256d centre, radius;
  for (int l = 0; l < 3; ++l) {
    const __m256d axis = Load3(product + 3 * l);
    const __m256d at = _mm256_mul_pd(_mm256_broadcast_sd(aabb + l), axis);
    const __m256d size =
        _mm256_andnot_pd(sign, _mm256_mul_pd(_mm256_broadcast_sd(aabb + 3 + l), axis));
    centre = l == 0 ? at : _mm256_add_pd(centre, at);
    radius = l == 0 ? size : _mm256_add_pd(radius, size);
  }
  return {_mm256_add_pd(centre, Load3(offset)), radius};
}

// along the three axes of frame j
bool Apart(const mjtNum aabb1[6], const mjtNum aabb2[6], mjtNum margin, const mjtNum* product,
           const mjtNum* offset, int j) {
  const Shadow a = ShadowOf(aabb1, product + 9 * j, offset + 3 * j);
  const Shadow b = ShadowOf(aabb2, product + 18 + 9 * j, offset + 6 + 3 * j);
  const __m256d reach = _mm256_add_pd(_mm256_add_pd(a.radius, b.radius), _mm256_set1_pd(margin));
  const __m256d gap = _mm256_andnot_pd(_mm256_set1_pd(-0.0), _mm256_sub_pd(b.centre, a.centre));
  return (_mm256_movemask_pd(_mm256_cmp_pd(reach, gap, _CMP_LT_OQ)) & 7) != 0;
}

// Calls visit(i, rotation, translation) with the columns of the Jacobian of `body` at `point` that
// hold numbers, from the last degree of freedom to the first.
template <typename Visit>
void ForEachColumn(const mjModel& m, const mjData& d, int body, const mjtNum point[3],
                   const Visit& visit) {
  const mjtNum* com = d.subtree_com + 3 * m.body_rootid[body];
  const mjtNum offset[3] = {point[0] - com[0], point[1] - com[1], point[2] - com[2]};
  while (body && !m.body_dofnum[body]) body = m.body_parentid[body];
  if (!body) return;
  for (int i = m.body_dofadr[body] + m.body_dofnum[body] - 1; i >= 0; i = m.dof_parentid[i]) {
    const mjtNum* c = d.cdof + 6 * i;
    const mjtNum translation[3] = {c[3] + (c[1] * offset[2] - c[2] * offset[1]),
                                   c[4] + (c[2] * offset[0] - c[0] * offset[2]),
                                   c[5] + (c[0] * offset[1] - c[1] * offset[0])};
    visit(i, c, translation);
  }
}

// the blocks of a matrix 3 x nv
void Clear(mjtNum* matrix, uint64_t blocks, int nv) {
  ForEachBlock(blocks, [&](int at) {
    const int count = std::min(kLanes, nv - at);
    for (int k = 0; k < 3; ++k) std::fill_n(matrix + k * nv + at, count, 0.0);
  });
}

// frame (rows x 3) times jacobian (3 x nv)
void Turn(const mjtNum* frame, const mjtNum* jacobian, uint64_t blocks, int rows, int nv,
          mjtNum* result) {
  std::memset(result, 0, sizeof(mjtNum) * rows * nv);
  ForEachBlock(blocks, [&](int at) {
    if (at + kLanes > nv) {
      for (int i = at; i < nv; ++i) {
        for (int r = 0; r < rows; ++r) {
          for (int k = 0; k < 3; ++k) result[r * nv + i] += jacobian[k * nv + i] * frame[3 * r + k];
        }
      }
      return;
    }
    const __m256d x = _mm256_loadu_pd(jacobian + at), y = _mm256_loadu_pd(jacobian + nv + at),
                  z = _mm256_loadu_pd(jacobian + 2 * nv + at);
    for (int r = 0; r < rows; ++r) {
      const mjtNum* scale = frame + 3 * r;
      __m256d sum = _mm256_mul_pd(x, _mm256_broadcast_sd(scale));
      sum = _mm256_add_pd(sum, _mm256_mul_pd(y, _mm256_broadcast_sd(scale + 1)));
      sum = _mm256_add_pd(sum, _mm256_mul_pd(z, _mm256_broadcast_sd(scale + 2)));
      _mm256_storeu_pd(result + r * nv + at, sum);
    }
  });
}

}  // namespace

StepKernels::StepKernels(const mjModel& model) {
  on = model.neq == 0 && model.nflex == 0 && model.nv <= kMaxColumns && !mj_isSparse(&model);
  latest = {};
}

StepKernels::~StepKernels() { on = false; }

long StepKernels::served() { return served_calls; }

}  // namespace vega

// --- in place of MuJoCo's own
// ---------------------------------------------------------------------

int mj_collideOBB(const mjtNum aabb1[6], const mjtNum aabb2[6], const mjtNum xpos1[3],
                  const mjtNum xmat1[9], const mjtNum xpos2[3], const mjtNum xmat2[9],
                  mjtNum margin, mjtNum product[36], mjtNum offset[12], mjtByte* initialize) {
  if (!vega::on || !product || !offset || !xpos1 || !xmat1 || !xpos2 || !xmat2) {
    static const auto original = vega::MujocoOwn<decltype(&mj_collideOBB)>("mj_collideOBB");
    return original(aabb1, aabb2, xpos1, xmat1, xpos2, xmat2, margin, product, offset, initialize);
  }
  ++vega::served_calls;
  const int endless1 = vega::Endless(aabb1), endless2 = vega::Endless(aabb2);
  if (endless1 == 7 || endless2 == 7) return 1;
  const mjtNum* const xpos[2] = {xpos1, xpos2};
  const mjtNum* const xmat[2] = {xmat1, xmat2};
  if (*initialize == vega::kNothing) {
    vega::AddFrame(xpos, xmat, 0, product, offset);
    *initialize = vega::kFirstFrame;
  }
  // the axes of a box say nothing about one that has no end
  if (endless2 == 0 && vega::Apart(aabb1, aabb2, margin, product, offset, 0)) return 0;
  if (*initialize == vega::kFirstFrame) {
    vega::AddFrame(xpos, xmat, 1, product, offset);
    *initialize = vega::kBothFrames;
  }
  return endless1 != 0 || !vega::Apart(aabb1, aabb2, margin, product, offset, 1);
}

int mj_jacDifPair(const mjModel* m, const mjData* d, int* chain, int b1, int b2,
                  const mjtNum pos1[3], const mjtNum pos2[3], mjtNum* jac1p, mjtNum* jac2p,
                  mjtNum* jacdifp, mjtNum* jac1r, mjtNum* jac2r, mjtNum* jacdifr) {
  if (!vega::on || !m->nv || !jacdifp) {
    static const auto original = vega::MujocoOwn<decltype(&mj_jacDifPair)>("mj_jacDifPair");
    return original(m, d, chain, b1, b2, pos1, pos2, jac1p, jac2p, jacdifp, jac1r, jac2r, jacdifr);
  }
  ++vega::served_calls;
  const int nv = m->nv;
  const uint64_t blocks = vega::ColumnBlocks(*m, b1) | vega::ColumnBlocks(*m, b2);
  vega::Clear(jacdifp, blocks, nv);
  if (jacdifr) vega::Clear(jacdifr, blocks, nv);
  vega::ForEachColumn(*m, *d, b1, pos1, [&](int i, const mjtNum* r, const mjtNum* p) {
    for (int k = 0; k < 3; ++k) jacdifp[i + k * nv] -= p[k];
    for (int k = 0; jacdifr && k < 3; ++k) jacdifr[i + k * nv] -= r[k];
  });
  vega::ForEachColumn(*m, *d, b2, pos2, [&](int i, const mjtNum* r, const mjtNum* p) {
    for (int k = 0; k < 3; ++k) jacdifp[i + k * nv] += p[k];
    for (int k = 0; jacdifr && k < 3; ++k) jacdifr[i + k * nv] += r[k];
  });
  vega::latest = {jacdifp, jacdifr, blocks};
  return nv;
}

void mj_applyFT(const mjModel* m, mjData* d, const mjtNum force[3], const mjtNum torque[3],
                const mjtNum point[3], int body, mjtNum* qfrc_target) {
  if (!vega::on || !force || !torque || body < 0 || body >= m->nbody) {
    static const auto original = vega::MujocoOwn<decltype(&mj_applyFT)>("mj_applyFT");
    return original(m, d, force, torque, point, body, qfrc_target);
  }
  ++vega::served_calls;
  vega::ForEachColumn(*m, *d, body, point, [&](int i, const mjtNum* r, const mjtNum* p) {
    qfrc_target[i] += p[0] * force[0] + p[1] * force[1] + p[2] * force[2];
    qfrc_target[i] += r[0] * torque[0] + r[1] * torque[1] + r[2] * torque[2];
  });
}

void mju_mulMatMat(mjtNum* res, const mjtNum* mat1, const mjtNum* mat2, int r1, int c1, int c2) {
  const bool turned = mat2 == vega::latest.translation || mat2 == vega::latest.rotation;
  if (!vega::on || !turned || c1 != 3) {
    static const auto original = vega::MujocoOwn<decltype(&mju_mulMatMat)>("mju_mulMatMat");
    return original(res, mat1, mat2, r1, c1, c2);
  }
  ++vega::served_calls;
  (mat2 == vega::latest.rotation ? vega::latest.rotation : vega::latest.translation) = nullptr;
  vega::Turn(mat1, mat2, vega::latest.blocks, r1, c2, res);
}
