// Of an mjvScene's geoms, those that a camera can see, and how large they appear.

#pragma once

#include <mujoco/mujoco.h>

namespace vega {

// Removes, in order, the geoms that lie outside the scene camera's view, by their bounding spheres.
// Removes nothing where a light casts shadows or a geom mirrors others, as then what is outside can
// still show. Changes no pixel. height and width: pixels of the picture.
void DropInvisible(mjvScene& scene, int height, int width);

// m, at the nearest point of the geom's bounding sphere, that `pixels` of a picture `height` pixels
// high stand for.
double MetresOf(double pixels, const mjvGeom& geom, const mjvGLCamera& camera, int height);

}  // namespace vega
