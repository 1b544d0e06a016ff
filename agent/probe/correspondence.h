// Multi-view correspondence: does the token of a place look alike from two sides, more alike than
// tokens of other places do?
//
// The score is that of VEGA-3D's wan_t2v_adjacent_correspondence_matching: world points of a pair
// of views fall into voxels (counted from the pair's least corner); a view's feature of a voxel is
// the mean of its normalised tokens there, normalised again; the pair's score is the mean cosine
// over the voxels both views see. A score says little alone, as features that vary little score
// high anywhere. Beside it stand
//
//   chance      mean cosine of voxels that are not the same, one of each view
//   retrieval   how often the most similar voxel of the other view is the same one, and how often a
//               blind choice would be
//   elsewhere   all of this again with the second view's tokens from another scene, at the same
//               cells. Tokens know their place in the picture (from padding at its borders, if from
//               nothing else), and a place on the table tends to stay where it is in the picture:
//               that alone lifts even noise above chance
//   mutual      cells that are each other's most similar one: how many of these matches lie within
//               a voxel's side of each other, and how many random pairs of cells do

#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "agent/probe/cell_points.h"
#include "agent/probe/score_types.h"

namespace vega {

// tokens [G*G,D] of two views and their cells (G*G). A pair that shares no voxel has shared = 0 and
// no scores.
PairScore ScorePair(const at::Tensor& tokens_a, const std::vector<CellPoint>& cells_a,
                    const at::Tensor& tokens_b, const std::vector<CellPoint>& cells_b,
                    const CorrespondenceOptions& options);

// All pairs of V views, tokens [V,G*G,D]; `elsewhere` are those of another scene, or undefined.
// Pairs that share no voxel are left out.
SceneScore ScoreViews(const at::Tensor& tokens, const at::Tensor& elsewhere,
                      const std::vector<std::vector<CellPoint>>& cells,
                      const CorrespondenceOptions& options);

// Cells of two views that are each other's most similar one.
std::vector<CellMatch> MutualMatches(const at::Tensor& tokens_a,
                                     const std::vector<CellPoint>& cells_a,
                                     const at::Tensor& tokens_b,
                                     const std::vector<CellPoint>& cells_b, double voxel);

}  // namespace vega
