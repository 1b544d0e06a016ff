// Numbers of the correspondence probe. Needs no torch to include.

#pragma once

#include <cstdint>

namespace vega {

struct CorrespondenceOptions {
  double voxel = 0.1;       // side, m
  double min_cosine = 0.6;  // of a match that counts as confident
};

struct CellMatch {
  int a = 0, b = 0;  // cells of the two views
  double cosine = 0;
  bool right = false;  // within a voxel's side of each other
};

// Scores of a pair of views, or their sums over pairs; see PairMean.
struct PairScore {
  int64_t shared = 0;           // voxels both views see
  double score = 0;             // mean cosine of those
  double chance = 0;            // mean cosine of different voxels
  double retrieval = 0;         // share of shared voxels found first, both directions
  double retrieval_chance = 0;  // of a blind choice
  int64_t matches = 0;          // mutual nearest cells
  int64_t matches_right = 0;    // that lie within a voxel's side
  int64_t confident = 0;        // matches of min_cosine or more
  int64_t confident_right = 0;
  double match_chance = 0;  // share of all pairs of cells that lie within a voxel's side
};

// Over pairs of views: means of scores, sums of counts.
struct PairMean {
  int64_t pairs = 0;
  PairScore mean;
  double score_std = 0;  // over pairs, ddof = 1
};

struct SceneScore {
  PairMean all, adjacent;  // views whose indices differ by one are adjacent
  // The same with the second view's tokens taken from another scene, at the same cells: what the
  // place in the picture alone gives away. No pairs where there was no other scene.
  PairMean all_elsewhere, adjacent_elsewhere;
};

}  // namespace vega
