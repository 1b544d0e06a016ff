// Of an mjvScene's geoms, those that a camera can see, and how large they appear.

#pragma once

#include <mujoco/mujoco.h>

#include "sim/gl/visible_triangles.h"

namespace vega {

// Whether mjr_render would draw what a geom mirrors, were it the first to mirror.
bool Mirrors(const mjvGeom& geom);

bool CastsShadows(const mjvScene& scene);

// The part of a picture in which mjr_render may show mirrored things, a pixel wider. Empty (right
// left of left) where nothing mirrors, all of the picture where it cannot be said closer.
PixelRect MirrorRect(const mjvScene& scene, int height, int width);

// Removes, in order, the geoms that lie outside the scene camera's view, by their bounding spheres.
// Removes nothing where a light casts shadows or a geom in view mirrors others, as then what is
// outside can still show. Changes no pixel. height and width: pixels of the picture.
void DropInvisible(mjvScene& scene, int height, int width);

// Whether a geom of `model` may be seen in what mirrors: its box, mirrored, against the mirror's
// part of the picture. False where nothing mirrors.
bool ShowsInMirror(const mjModel& model, const mjvScene& scene, const mjvGeom& geom, int height,
                   int width);

// m, at the nearest point of the geom's bounding sphere, that `pixels` of a picture `height` pixels
// high stand for.
double MetresOf(double pixels, const mjvGeom& geom, const mjvGLCamera& camera, int height);

}  // namespace vega
