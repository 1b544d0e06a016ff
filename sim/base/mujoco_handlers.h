// What MuJoCo's own errors and warnings become: a vega::Error and a line on stderr.

#pragma once

namespace vega {

// Installs process-wide handlers, once; called by whatever compiles a model or makes data. By
// default MuJoCo ends the process on an error and writes MUJOCO_LOG.TXT into the working folder on
// a warning.
//
// The error handler throws Error through MuJoCo's C frames: returning from it would let MuJoCo go
// on with what it has just refused. The platforms' ABIs (x86-64, aarch64) give C code unwind
// tables, and a frame of MuJoCo holds no lock where it reports an error; its data or context must
// not be used afterwards other than to delete it.
void InstallMujocoHandlers();

}  // namespace vega
