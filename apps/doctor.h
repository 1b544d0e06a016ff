// vega doctor: what this machine has, what is missing, and what to do about each problem.

#pragma once

#include <string>
#include <vector>

namespace vega {

struct DoctorOptions {
  bool json = false;  // print one JSON object instead of the table
};

// One thing looked at.
struct Finding {
  enum class Status { kOk, kWarning, kProblem };
  std::string name;  // "renderer", "data.libero", ...
  Status status = Status::kOk;
  std::string found;  // what is there
  std::string hint;   // what to try; empty when all is well
};

// Looks at the renderer, the GPU, the versions, the data and the disk. Never throws.
std::vector<Finding> Examine();

// Prints what Examine() finds. Returns 0 when nothing that vega needs is missing, else 1: a slow
// renderer or a missing GPU is a warning.
int RunDoctor(const DoctorOptions& options);

}  // namespace vega
