// What of a model goes to the GL side: meshes that can be seen, in one version or in several.

#pragma once

#include <mujoco/mujoco.h>

#include <array>
#include <cstdint>
#include <vector>

#include "sim/model.h"
#include "sim/render_quality.h"

namespace vega {

// Which geoms, sites and so on are drawn: robosuite's choice, collision geoms (group 0) hidden.
mjvOption VisualOptions();

// A view of a model for mjr_makeContext. Meshes that no drawn geom uses and convex hulls stay out,
// there is no shadow map where no light casts shadows, and the offscreen buffer has the size asked
// for. In fast quality each mesh is there with its levels, as further meshes.
class RenderModel {
 public:
  // height and width: pixels of the first picture. `base` must outlive the view.
  RenderModel(const mjModel& base, RenderQuality quality, int height, int width);
  RenderModel(const RenderModel&) = delete;
  RenderModel& operator=(const RenderModel&) = delete;

  const mjModel& model() const { return view_; }
  // (ntex) whether something that is drawn has the texture.
  std::vector<bool> UsedTextures() const;
  // Lets each mesh of a scene, as mjv_updateScene left it, be drawn as coarsely as its distance
  // allows: off by at most `pixels` of a picture `height` pixels high.
  void ChooseLevels(double pixels, int height, mjvScene& scene) const;
  // The coarsest version of `mesh` whose error is at most `allowed` m, as a mesh of model().
  int MeshWithin(int mesh, double allowed) const;

 private:
  struct Level {
    float error;  // m
    int mesh;     // of view_
  };

  void AddLevels(const mjModel& base, const std::vector<bool>& drawn);

  mjModel view_;
  std::vector<std::vector<Level>> levels_;  // (nmesh) by growing error, without the mesh itself
  // what view_ points to instead of the base's arrays, (meshes) and (faces x 3)
  std::vector<int> vertadr_, vertnum_, normaladr_, normalnum_, texcoordadr_, texcoordnum_, faceadr_,
      facenum_, graphadr_, face_, facenormal_, facetexcoord_;
  std::vector<float> normal_;  // (normals x 3)
};

}  // namespace vega
