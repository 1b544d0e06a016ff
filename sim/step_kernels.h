// What mj_step1 computes before anything is solved, faster and with the same results.
//
// Four functions that libmujoco.so calls for this are public symbols, so those defined here take
// their place (as in sim/solver_kernels.h). mj_collideOBB, which tells boxes around parts of two
// bodies apart, looks along three axes at once. mj_jacDifPair writes the difference of two bodies'
// Jacobians at a contact without writing the two, and mju_mulMatMat, which turns it into the
// contact's frame, leaves out the columns where it is zero; so does mj_applyFT, which holds the arm
// against gravity. Each number is made of the same terms in the same order, but for zeros that are
// left out. While no StepKernels lives they call MuJoCo's own.

#pragma once

#include <mujoco/mujoco.h>

namespace vega {

// Serves this thread between now and its end. One at a time a thread. Does nothing for a model with
// equality constraints or flexes, which need more of the Jacobians than their difference.
class StepKernels {
 public:
  explicit StepKernels(const mjModel& model);
  ~StepKernels();
  StepKernels(const StepKernels&) = delete;
  StepKernels& operator=(const StepKernels&) = delete;

  // Calls served on this thread since it began, for tests.
  static long served();
};

}  // namespace vega

extern "C" {

// MuJoCo exports it but declares it in no public header. Whether two boxes may touch: aabb are
// centre and half sizes in m in the frames (xpos, xmat); margin in m. `product` and `offset` are
// kept by the caller for one pair of frames, and filled in where *initialize says so (1 at first).
int mj_collideOBB(const mjtNum aabb1[6], const mjtNum aabb2[6], const mjtNum xpos1[3],
                  const mjtNum xmat1[9], const mjtNum xpos2[3], const mjtNum xmat2[9],
                  mjtNum margin, mjtNum product[36], mjtNum offset[12], mjtByte* initialize);

// Jacobians of two bodies at a point each, translation [3, nv] and rotation [3, nv]; dif = 2 - 1.
// Exported and declared in no public header either. While a StepKernels lives, jac1 and jac2 are
// not written, and of dif only the blocks of four columns that hold a number.
int mj_jacDifPair(const mjModel* m, const mjData* d, int* chain, int b1, int b2,
                  const mjtNum pos1[3], const mjtNum pos2[3], mjtNum* jac1p, mjtNum* jac2p,
                  mjtNum* jacdifp, mjtNum* jac1r, mjtNum* jac2r, mjtNum* jacdifr);
}
