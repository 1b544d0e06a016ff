// Tokens and labels of many scenes, and what one matrix makes of them.

#include "agent/probe/linear_probe.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "agent/probe/ridge.h"
#include "agent/probe/scene_tokens.h"
#include "sim/base/error.h"

namespace vega {
namespace {

constexpr char kBackground[] = "background", kRobot[] = "robot";
constexpr int64_t kLeastScenes = 3;

struct Mean {
  double value = 0, error = 0;  // of the mean over scenes
};

// mean over scenes of the means of their rows; values [N], scene (N)
Mean OverScenes(const at::Tensor& values, const std::vector<int64_t>& scene) {
  std::map<int64_t, std::pair<double, int64_t>> sums;
  const at::Tensor whole = values.to(at::kDouble).contiguous();
  for (size_t i = 0; i < scene.size(); ++i) {
    auto& [sum, count] = sums[scene[i]];
    sum += whole.data_ptr<double>()[i], ++count;
  }
  Mean mean;
  const auto n = static_cast<double>(sums.size());
  for (const auto& [key, s] : sums) mean.value += s.first / static_cast<double>(s.second) / n;
  double square = 0;
  for (const auto& [key, s] : sums) {
    square += std::pow(s.first / static_cast<double>(s.second) - mean.value, 2);
  }
  if (n > 1) mean.error = std::sqrt(square / (n - 1) / n);
  return mean;
}

// What a probe may read of a tower's cells.
struct Readings {
  at::Tensor tokens;  // [N,D]
  at::Tensor place;   // [N,9] polynomials of row and column, each in [-1,1]
  at::Tensor both() const { return at::cat({tokens, place}, 1); }
};

// The cells of all scenes through one tower, row by row of N.
struct Cells {
  std::vector<at::Tensor> tokens;                // [D]-rows, a tensor [G*G,D] a view
  std::vector<float> place;                      // (N x 9)
  std::vector<double> depth;                     // m
  std::vector<std::array<double, 3>> positions;  // m, robot's frame
  std::vector<bool> seen;                        // whether depth and position are of something
  std::vector<int> labels;                       // category; -1: no one fills the cell
  std::vector<int64_t> scene;

  // rows for which `use` holds
  Readings Read(const std::vector<int64_t>& rows) const {
    const at::Tensor index = at::tensor(rows);
    const at::Tensor all = at::tensor(place).view({-1, 9});
    return {at::cat(tokens).index_select(0, index), all.index_select(0, index)};
  }
};

class Probe : public LinearProbe {
 public:
  explicit Probe(const LinearProbeOptions& options)
      : folds_(options.folds), tokens_(options.towers), cells_(tokens_.towers().size()) {}

  std::vector<ProbedTower> towers() const override { return tokens_.towers(); }

  void Add(const LabelledScene& scene) override {
    std::vector<int> label_of_geom;
    for (const std::string& name : scene.geom_categories) label_of_geom.push_back(Label(name));
    const auto seen = tokens_.See(scene.name, scene.clips);
    for (size_t i = 0; i < seen.size(); ++i) {
      for (size_t v = 0; v < scene.clips.size(); ++v) {
        AddView(scene, scene.clips[v].view, label_of_geom, seen[i], v,
                static_cast<int>(tokens_.towers()[i].grid), cells_[i]);
      }
    }
    ++scenes_;
  }

  std::vector<SpatialScore> Spatial() const override {
    RequireScenes();
    std::vector<SpatialScore> scores;
    for (const Cells& cells : cells_) scores.push_back(Spatial(cells));
    return scores;
  }

  std::vector<GroundingScore> Grounding() const override {
    RequireScenes();
    std::vector<GroundingScore> scores;
    for (const Cells& cells : cells_) scores.push_back(Grounding(cells));
    return scores;
  }

 private:
  int Label(const std::string& name) {
    return labels_.emplace(name, static_cast<int>(labels_.size())).first->second;
  }

  void RequireScenes() const {
    if (scenes_ >= kLeastScenes) return;
    throw Error(fmt::format("a linear probe needs {} scenes, not {}", kLeastScenes, scenes_),
                "one to judge it, one to choose its ridge, the others to fit it");
  }

  void AddView(const LabelledScene& scene, const DepthView& view,
               const std::vector<int>& label_of_geom, const SeenByTower& seen, size_t v, int grid,
               Cells& out) {
    const auto labels = CellLabels(view, grid, seen.region, label_of_geom, Label(kBackground));
    out.tokens.push_back(seen.tokens[static_cast<int64_t>(v)]);
    for (size_t i = 0; i < labels.size(); ++i) {
      const CellPoint& cell = seen.cells[v][i];
      std::array<double, 3> own{}, from_camera{}, from_base{};
      for (int k = 0; k < 3; ++k) {
        from_camera[k] = cell.position[k] - view.camera.position[k];
        from_base[k] = cell.position[k] - scene.base_position[k];
      }
      double depth = 0;  // along the camera's third axis
      for (int row = 0; row < 3; ++row) {
        depth += view.camera.rotation[3 * row + 2] * from_camera[row];
        for (int axis = 0; axis < 3; ++axis) {
          own[axis] += scene.base_rotation[3 * row + axis] * from_base[row];
        }
      }
      out.depth.push_back(depth);
      out.positions.push_back(own);
      out.seen.push_back(cell.valid);
      out.labels.push_back(labels[i]);
      out.scene.push_back(scenes_);
      const auto side = static_cast<float>(grid);
      const float r = 2 * (static_cast<float>(i / grid) + 0.5f) / side - 1;
      const float c = 2 * (static_cast<float>(i % grid) + 0.5f) / side - 1;
      for (const float x :
           {r, c, r * r, r * c, c * c, r * r * r, r * r * c, r * c * c, c * c * c}) {
        out.place.push_back(x);
      }
    }
  }

  int64_t folds() const { return std::min(folds_, scenes_); }

  std::vector<int64_t> FoldOf(const std::vector<int64_t>& scene) const {
    std::vector<int64_t> fold;
    for (const int64_t s : scene) fold.push_back(s % folds());
    return fold;
  }

  SpatialScore Spatial(const Cells& cells) const {
    std::vector<int64_t> rows, scene;
    std::vector<double> values;
    for (size_t i = 0; i < cells.seen.size(); ++i) {
      if (!cells.seen[i]) continue;
      rows.push_back(static_cast<int64_t>(i));
      scene.push_back(cells.scene[i]);
      values.push_back(cells.depth[i]);
      values.insert(values.end(), cells.positions[i].begin(), cells.positions[i].end());
    }
    const at::Tensor truth = at::tensor(values, at::kDouble).view({-1, 4});
    const Readings read = cells.Read(rows);
    const auto fold = FoldOf(scene);
    const at::Tensor spread = (truth - truth.mean(0, true)).square().sum(0);  // [4]
    const auto fit = [&](const at::Tensor& x) {
      const at::Tensor off = HeldOutRidge(x, truth, fold, folds()) - truth;  // [N,4]
      const at::Tensor left = off.square().sum(0);
      const auto share = [&](int64_t begin, int64_t end) {
        return 1 -
               (left.slice(0, begin, end).sum() / spread.slice(0, begin, end).sum()).item<double>();
      };
      const Mean depth = OverScenes(off.select(1, 0).abs() * 100, scene);
      const Mean position = OverScenes(off.slice(1, 1, 4).norm(2, 1) * 100, scene);
      return SpatialFit{share(0, 1), depth.value,    depth.error,
                        share(1, 4), position.value, position.error};
    };
    const SpatialFit blind = fit(at::zeros({truth.size(0), 1}));
    return {truth.size(0),    fit(read.tokens), fit(read.place),
            fit(read.both()), blind.depth_cm,   blind.position_cm};
  }

  GroundingScore Grounding(const Cells& cells) const {
    // a category of one fold's scenes alone cannot be learnt from the others
    std::map<int, std::set<int64_t>> folds_of;
    for (size_t i = 0; i < cells.labels.size(); ++i) {
      folds_of[cells.labels[i]].insert(cells.scene[i] % folds());
    }
    std::map<int, int64_t> column;  // of a category
    for (const auto& [label, folds] : folds_of) {
      if (label >= 0 && folds.size() > 1) column.emplace(label, column.size());
    }
    std::vector<int64_t> rows, scene, label;
    for (size_t i = 0; i < cells.labels.size(); ++i) {
      const auto found = column.find(cells.labels[i]);
      if (found == column.end()) continue;
      rows.push_back(static_cast<int64_t>(i));
      scene.push_back(cells.scene[i]);
      label.push_back(found->second);
    }
    GroundingScore score{.cells = static_cast<int64_t>(rows.size()),
                         .categories = static_cast<int64_t>(column.size())};
    if (rows.empty()) return score;
    const at::Tensor truth = at::tensor(label);
    const at::Tensor wanted = at::one_hot(truth, score.categories);  // [N,C]
    std::vector<int64_t> objects;
    for (const auto& [name, id] : labels_) {
      const auto found = column.find(id);
      if (found != column.end() && name != kBackground && name != kRobot) {
        objects.push_back(found->second);
      }
    }
    score.objects = static_cast<int64_t>(objects.size());
    const Readings read = cells.Read(rows);
    const auto fold = FoldOf(scene);
    const auto fit = [&](const at::Tensor& x) {
      const at::Tensor scores = HeldOutRidge(x, wanted, fold, folds());  // [N,C]
      const Mean accuracy = OverScenes(scores.argmax(1).eq(truth), scene);
      GroundingFit out{accuracy.value, accuracy.error, 0};
      for (const int64_t c : objects) {
        out.mean_ap += AveragePrecision(scores.select(1, c), wanted.select(1, c)) /
                       static_cast<double>(objects.size());
      }
      return out;
    };
    score.tokens = fit(read.tokens), score.place = fit(read.place), score.both = fit(read.both());
    score.accuracy_blind = fit(at::zeros({truth.size(0), 1})).accuracy;
    for (const int64_t c : objects) {
      score.mean_ap_blind += wanted.select(1, c).to(at::kDouble).mean().item<double>() /
                             static_cast<double>(objects.size());
    }
    return score;
  }

  int64_t folds_, scenes_ = 0;
  SceneTokens tokens_;
  std::map<std::string, int> labels_;
  std::vector<Cells> cells_;  // one a tower
};

}  // namespace

std::unique_ptr<LinearProbe> OpenLinearProbe(const LinearProbeOptions& options) {
  if (options.folds < kLeastScenes) {
    throw Error(fmt::format("a linear probe needs {} folds or more", kLeastScenes));
  }
  return std::make_unique<Probe>(options);
}

}  // namespace vega
