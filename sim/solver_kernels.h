// The constraint solver's matrix products, faster and with the same bits.
//
// A sub-step solves three times with one Jacobian (see sim/scene.h). A contact moves two bodies, so
// nearly all of a Jacobian's row is zero, and MuJoCo's dense products do not know; nor do they know
// that the Hessian J^T D J, or its Cholesky factor, was just made from the same D. The functions
// that libmujoco.so calls for these products (mju_mulMatVec, mju_mulMatTVec, mju_sqrMatTD,
// mju_cholFactor, mju_cholSolve) are public symbols, so those defined here take their place. While
// a SolverKernels lives they leave out the blocks of four that are zero and remember results; the
// sums are made of the same terms in the same order, so the results of finite numbers are the same
// to the bit (but for the sign of a zero). Of a Hessian they write the lower triangle, which is all
// the solver reads. At any other time, and for any other matrix, they call MuJoCo's own.

#pragma once

#include <mujoco/mujoco.h>

namespace vega {

// Serves the solves on this thread between now and its end, during which neither positions nor
// velocities change. One at a time a thread.
class SolverKernels {
 public:
  SolverKernels(const mjModel& model, const mjData& data);
  ~SolverKernels();
  SolverKernels(const SolverKernels&) = delete;
  SolverKernels& operator=(const SolverKernels&) = delete;

  // Products served on this thread since it began, for tests.
  static long served();
};

}  // namespace vega
