// The constraints' dense Jacobian J with its zeros known, and MuJoCo's products with it: the same
// terms in the same order, but for blocks of zeros.

#pragma once

#include <mujoco/mujoco.h>

#include <cstdint>
#include <vector>

namespace vega {

class BlockJacobian {
 public:
  // Takes data.efc_J, which must stay. model.nv is kMaxColumns at most, the Jacobian dense.
  void Find(const mjModel& model, const mjData& data);
  bool Is(const mjtNum* matrix, int nr, int nc) const {
    return matrix == numbers_ && nr == rows_ && nc == columns_;
  }
  int columns() const { return columns_; }

  // J v, [rows].
  void Multiply(const mjtNum* vector, mjtNum* result) const;
  // J^T f, [columns].
  void MultiplyTransposed(const mjtNum* forces, mjtNum* result) const;
  // The lower triangle of J^T D J, [columns, columns]; what is left above it means nothing.
  void MakeHessian(const mjtNum* diagonal, mjtNum* hessian) const;

 private:
  // Rows one after another that hold numbers in the same places: a contact's.
  struct Group {
    int row = 0, count = 0;  // at most 4 rows
    uint64_t blocks = 0;     // which whole blocks hold a number
    bool rest = false;       // whether the columns behind the whole blocks do
  };
  bool AddContact(const mjModel& model, const mjData& data, int& r);
  template <int kCount>
  void MultiplyGroup(const Group& group, const mjtNum* vector, mjtNum* result) const;
  template <int kCount>
  void AddGroup(const Group& group, const mjtNum* forces, mjtNum* result) const;
  void AddHessianRow(const Group& group, const mjtNum* diagonal, int i, mjtNum* hessian) const;

  const mjtNum* numbers_ = nullptr;
  int rows_ = 0, columns_ = 0;
  std::vector<Group> groups_;
};

}  // namespace vega
