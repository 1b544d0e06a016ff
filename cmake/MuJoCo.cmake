# MuJoCo::MuJoCo from the unpacked PyPI wheel. Pinned to the engine of LIBERO's published scores: from 3.4 on the
# box-box collider changed, from 3.3.3 on the floor renders darker.
set(VEGA_MUJOCO_VERSION 3.3.2)
set(_mujoco ${VEGA_HOME}/deps/mujoco-${VEGA_MUJOCO_VERSION}/mujoco)
if(NOT EXISTS ${_mujoco}/libmujoco.so.${VEGA_MUJOCO_VERSION})
  message(FATAL_ERROR "MuJoCo ${VEGA_MUJOCO_VERSION} is not in ${_mujoco}: remove that folder and run ./vega, which fetches it")
endif()
add_library(MuJoCo::MuJoCo SHARED IMPORTED)
set_target_properties(MuJoCo::MuJoCo PROPERTIES
  IMPORTED_LOCATION ${_mujoco}/libmujoco.so.${VEGA_MUJOCO_VERSION}
  INTERFACE_INCLUDE_DIRECTORIES ${_mujoco}/include)
