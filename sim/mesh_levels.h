// Coarser versions of a model's meshes, for pictures only.

#pragma once

#include <mujoco/mujoco.h>

#include <vector>

namespace vega {

// Triangles over the vertices and texture coordinates of the mesh they stand for, with normals of
// their own.
struct MeshLevel {
  float error = 0;                // m, farthest the surface has moved
  std::vector<int> face;          // (faces x 3) vertices, counted within the mesh
  std::vector<int> facenormal;    // (faces x 3) in SimplifiedMesh::normal
  std::vector<int> facetexcoord;  // (faces x 3) texture coordinates, counted within the mesh

  size_t faces() const { return face.size() / 3; }
};

struct SimplifiedMesh {
  std::vector<float> normal;      // (normals x 3)
  std::vector<MeshLevel> levels;  // finest first, each coarser and farther off than the one before
};

// Coarser versions of `mesh`; no levels for one of few faces. Kept in the cache on disk.
//
// MuJoCo's meshes have a normal for nearly every corner, so to a simplifier every edge is a seam and
// nothing can go. Corners are therefore welded where they share position and texture coordinate, and
// edges collapse by quadric error (M. Garland and P. Heckbert, "Surface simplification using quadric
// error metrics", SIGGRAPH 1997; meshoptimizer); seams of the texture stay. The normals at a vertex
// are gathered into few by direction, and each new corner takes the one nearest to its face's.
SimplifiedMesh SimplifyMesh(const mjModel& model, int mesh);

}  // namespace vega
