// An arm held against gravity above two things of several boxes, one on the other: contacts with
// and without torsional and rolling friction, between two moving bodies, and with what stands
// still.

#pragma once

#include <memory>

#include "sim/model.h"

namespace vega {

inline ModelPtr ContactModel() {
  return CompileMjcf(R"(<mujoco>
    <option cone="elliptic" jacobian="dense" timestep="0.002"/>
    <worldbody>
      <geom type="plane" size="1 1 .1"/>
      <body pos="0 0 .32" gravcomp="1">
        <joint axis="0 1 0"/> <joint axis="0 0 1"/>
        <geom type="capsule" fromto="0 0 0 .3 0 0" size=".03"/>
        <body pos=".3 0 0" gravcomp="1">
          <joint axis="0 1 0"/>
          <geom type="box" pos=".1 0 0" size=".1 .02 .02"/>
          <geom type="box" pos=".2 0 -.05" size=".02 .02 .06" condim="4"/>
        </body>
      </body>
      <body pos=".4 0 .06">
        <freejoint/>
        <geom type="box" size=".05 .06 .05" condim="6"/>
        <geom type="box" pos=".12 0 0" size=".06 .03 .05" condim="4"/>
      </body>
      <body pos=".42 0 .18">
        <freejoint/>
        <geom type="box" size=".05 .04 .05"/>
        <geom type="sphere" pos=".08 0 .03" size=".04" condim="1"/>
      </body>
    </worldbody>
  </mujoco>)",
                     "contact scene");
}

using DataPtr = std::unique_ptr<mjData, decltype(&mj_deleteData)>;

inline DataPtr NewData(const mjModel& model) { return {mj_makeData(&model), mj_deleteData}; }

}  // namespace vega
