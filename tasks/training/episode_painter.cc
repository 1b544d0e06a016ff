#include "tasks/training/episode_painter.h"

#include <algorithm>
#include <array>

#include "sim/camera.h"
#include "sim/lights.h"
#include "tasks/recolour.h"

namespace vega {
namespace {

constexpr char kJitterStream[] = "pack/jitter";

}  // namespace

EpisodePainter::EpisodePainter(const Hdf5Reader& reader, const PackEpisode& episode,
                               const PackOptions& options,
                               const std::vector<std::string>& categories,
                               const DemoTaskSource& tasks,
                               std::shared_ptr<const ExpertTables> tables, EglRenderer& renderer)
    : options_(options),
      key_(episode.key),
      renderer_(renderer),
      scene_(reader, episode.demo, tasks),
      labels_(scene_.environment(), std::move(tables), categories),
      still_(scene_.environment().scene().Save().model) {
  const mjModel& model = scene_.environment().scene().model();
  for (const std::string& camera : options.cameras) FindCamera(model, camera);
}

void EpisodePainter::Jitter(int64_t step) {
  RandomStream random(options_.seed ^ key_, kJitterStream, static_cast<uint64_t>(step));
  const double reach = options_.camera_jitter;
  mjModel& model = scene_.environment().scene().mutable_model();
  std::copy(still_.cam_pos.begin(), still_.cam_pos.end(), model.cam_pos);
  std::copy(still_.cam_quat.begin(), still_.cam_quat.end(), model.cam_quat);
  std::copy(still_.light_diffuse.begin(), still_.light_diffuse.end(), model.light_diffuse);
  for (int camera = 0; camera < model.ncam; ++camera) {
    if (!IsFixed(model, camera)) continue;
    std::array<double, 3> by{}, turn{};
    for (int i = 0; i < 3; ++i) {
      by[i] = random.Uniform(-reach, reach);
      turn[i] = random.Uniform(-reach, reach);
    }
    MoveCamera(model, camera, by, turn);
  }
  const double bright = 1 + random.Uniform(-options_.light_jitter, options_.light_jitter);
  ChangeLights(model, bright, DrawTint(options_.light_jitter, random));
  if (options_.recolour > 0) {
    std::copy(still_.geom_matid.begin(), still_.geom_matid.end(), model.geom_matid);
    std::copy(still_.geom_rgba.begin(), still_.geom_rgba.end(), model.geom_rgba);
    Recolour(model, options_.recolour, random);
  }
  shown_ = -1;
}

void EpisodePainter::Show(int64_t step) {
  if (step == shown_) return;
  scene_.Show(step);
  shown_ = step;
}

const std::vector<Image>& EpisodePainter::Frames(int64_t step) {
  const auto found = drawn_.find(step);
  if (found != drawn_.end()) return found->second;
  Show(step);
  std::vector<Image>& images = drawn_[step];
  for (const std::string& camera : options_.cameras) {
    images.push_back(
        renderer_.Render(scene_.environment().scene(), camera, options_.size, options_.size));
  }
  return images;
}

PaintedSample EpisodePainter::Paint(int64_t step) {
  const bool jitters =
      options_.camera_jitter > 0 || options_.light_jitter > 0 || options_.recolour > 0;
  const int64_t reach = int64_t{options_.clip_length - 1} * options_.clip_stride;
  if (jitters) {
    drawn_.clear();
    Jitter(step);
  }
  drawn_.erase(drawn_.begin(), drawn_.lower_bound(std::max<int64_t>(step - reach, 0)));

  std::vector<const std::vector<Image>*> clip;  // (T) oldest first
  for (int64_t at = step - reach; at <= step; at += options_.clip_stride) {
    clip.push_back(&Frames(std::max<int64_t>(at, 0)));
  }
  PaintedSample sample;
  for (size_t camera = 0; camera < options_.cameras.size(); ++camera) {
    for (const std::vector<Image>* frame : clip) {
      const std::vector<uint8_t>& pixels = (*frame)[camera].pixels;
      sample.frames.insert(sample.frames.end(), pixels.begin(), pixels.end());
    }
  }
  Show(step);
  labels_.Look();
  sample.points = labels_.Points();
  for (const std::string& camera : options_.cameras) {
    sample.maps.push_back(labels_.Maps(renderer_, camera, options_.size));
  }
  return sample;
}

}  // namespace vega
