// Dealing cameras to two renderers.

#include "sim/side_by_side_renderer.h"

#include <future>
#include <thread>
#include <utility>

namespace vega {
namespace {

EglRendererOptions OnAnyThread(EglRendererOptions options) {
  options.one_thread = false;
  return options;
}

}  // namespace

SideBySideRenderer::SideBySideRenderer(std::unique_ptr<EglRenderer> even,
                                       EglRendererOptions options)
    : even_(std::move(even)), odd_(OnAnyThread(options)) {}

Image SideBySideRenderer::Render(const Scene& scene, const std::string& camera, int height,
                                 int width) {
  return even_->Render(scene, camera, height, width);
}

std::vector<Image> SideBySideRenderer::RenderAll(const Scene& scene,
                                                 const std::vector<std::string>& cameras,
                                                 int height, int width) {
  std::vector<Image> images(cameras.size());
  const auto draw = [&](EglRenderer& renderer, size_t first) {
    for (size_t i = first; i < cameras.size(); i += 2) {
      images[i] = renderer.Render(scene, cameras[i], height, width);
    }
  };
  std::future<void> odd;
  if (cameras.size() > 1) odd = std::async(std::launch::async, [&] { draw(odd_, 1); });
  draw(*even_, 0);
  if (odd.valid()) odd.get();
  return images;
}

std::unique_ptr<Renderer> MakeRenderer(const EglRendererOptions& options, int sharers) {
  auto one = std::make_unique<EglRenderer>(options);
  const bool spare = std::thread::hardware_concurrency() / 2 >= static_cast<unsigned>(sharers);
  if (!spare || !one->software()) return one;
  return std::make_unique<SideBySideRenderer>(std::move(one), options);
}

}  // namespace vega
