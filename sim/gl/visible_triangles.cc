// Projecting positions, then judging triangles by their rectangles and areas.

#include "sim/gl/visible_triangles.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>

namespace vega {
namespace {

// Pixels. Drivers move corners to a grid, llvmpipe to one of 1/256, and round as they project: how,
// hangs on what else is in the batch. Of 270 pictures one pixel of one was another with a 64th
constexpr float kSlack = 1.0F / 8;
constexpr float kNearest = 1e-3F;     // m from the eye's plane
constexpr float kPlaneSlack = 1e-4F;  // of the plane's numbers
constexpr uint8_t kSides = 31, kNear = 32;
constexpr int kLanes = 4, kGroups = 4;  // up to sixteen samples

// The half-spaces in which something may show.
struct Planes {
  std::array<float, 4> sides;   // of what is shown, a pixel further out, in clip coordinates over w
  std::array<float, 4> beyond;  // with some slack

  explicit Planes(const TriangleView& view) : beyond(view.beyond) {
    const auto clip = [](float pixels, int size) { return 2 * pixels / size - 1; };
    sides = {clip(view.shown.left - 1, view.width), clip(view.shown.bottom - 1, view.height),
             clip(view.shown.right + 1, view.width), clip(view.shown.top + 1, view.height)};
    beyond[3] += kPlaneSlack * (std::abs(beyond[0]) + std::abs(beyond[1]) + std::abs(beyond[2]) +
                                std::abs(beyond[3]));
  }

  // a bit for each that x, y, z lies outside of, given where it is in clip coordinates
  int Outside(float px, float py, float pz, float x, float y, float w) const {
    return (x < sides[0] * w) | (y < sides[1] * w) << 1 | (x > sides[2] * w) << 2 |
           (y > sides[3] * w) << 3 |
           (beyond[0] * px + beyond[1] * py + beyond[2] * pz + beyond[3] < 0) << 4;
  }
};

// whether all corners of the mesh's box lie beyond one plane
bool BoxOutside(const TriangleMesh& mesh, const std::array<float, 16>& m, const Planes& planes) {
  int beyond = kSides;
  for (int corner = 0; corner < 8; ++corner) {
    const float p[] = {corner & 1 ? mesh.high[0] : mesh.low[0],
                       corner & 2 ? mesh.high[1] : mesh.low[1],
                       corner & 4 ? mesh.high[2] : mesh.low[2]};
    const auto row = [&](int r) {
      return m[r] * p[0] + m[4 + r] * p[1] + m[8 + r] * p[2] + m[12 + r];
    };
    beyond &= planes.Outside(p[0], p[1], p[2], row(0), row(1), row(3));
  }
  return beyond != 0;
}

// two numbers, the others zero
__m128 Load(const float* pair) {
  return _mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(pair)));
}

}  // namespace

void TriangleFilter::Project(const TriangleMesh& mesh, const TriangleView& view) {
  const size_t count = mesh.x.size();
  projected_.resize(count);
  beyond_.resize(count);
  const auto& m = view.clip;
  const Planes planes(view);
  const float half_width = 0.5F * view.width, half_height = 0.5F * view.height;
  for (size_t i = 0; i < count; ++i) {
    const float px = mesh.x[i], py = mesh.y[i], pz = mesh.z[i];
    const float x = m[0] * px + m[4] * py + m[8] * pz + m[12];
    const float y = m[1] * px + m[5] * py + m[9] * pz + m[13];
    const float w = m[3] * px + m[7] * py + m[11] * pz + m[15];
    const float inverse = 1 / w;
    projected_[i] = {(x * inverse + 1) * half_width, (y * inverse + 1) * half_height};
    beyond_[i] = static_cast<uint8_t>(planes.Outside(px, py, pz, x, y, w) | (w < kNearest) << 5);
  }
}

std::span<const uint32_t> TriangleFilter::Select(const TriangleMesh& mesh,
                                                 const TriangleView& view) {
  selected_.clear();
  if (view.shown.left >= view.shown.right || view.shown.bottom >= view.shown.top) return selected_;
  if (BoxOutside(mesh, view.clip, Planes(view))) return selected_;
  Project(mesh, view);
  selected_.resize(mesh.vertex.size());
  uint32_t* out = selected_.data();

  // four samples at a time; the last stands in for those a group lacks
  const size_t groups = (view.samples.size() + kLanes - 1) / kLanes;
  __m128 sample_x[kGroups], sample_y[kGroups];
  for (size_t g = 0; g < std::min<size_t>(groups, kGroups); ++g) {
    alignas(16) float xs[kLanes], ys[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      const SamplePoint& s = view.samples[std::min(g * kLanes + lane, view.samples.size() - 1)];
      xs[lane] = s.x, ys[lane] = s.y;
    }
    sample_x[g] = _mm_load_ps(xs), sample_y[g] = _mm_load_ps(ys);
  }
  const bool sampled = groups >= 1 && groups <= kGroups;
  const __m128 slack = _mm_set1_ps(kSlack);
  const float front = view.mirrored ? -1 : 1;
  for (size_t at = 0; at < mesh.position.size(); at += 3) {
    const uint32_t* p = &mesh.position[at];
    const uint8_t beyond_a = beyond_[p[0]], beyond_b = beyond_[p[1]], beyond_c = beyond_[p[2]];
    if (beyond_a & beyond_b & beyond_c & kSides) continue;
    if (!((beyond_a | beyond_b | beyond_c) & kNear)) {
      const Projected &a = projected_[p[0]], &b = projected_[p[1]], &c = projected_[p[2]];
      const __m128 pa = Load(&a.x), pb = Load(&b.x), pc = Load(&c.x);
      const __m128 low = _mm_min_ps(_mm_min_ps(pa, pb), pc);
      const __m128 high = _mm_max_ps(_mm_max_ps(pa, pb), pc);
      const __m128 size = _mm_sub_ps(high, low);
      const float wide = _mm_cvtss_f32(size);
      const float tall = _mm_cvtss_f32(_mm_shuffle_ps(size, size, 0x55));
      if (view.one_sided) {
        // twice the area; moved corners change it by the sides times the slack
        const float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
        const float rounding = 1e-6F * (std::abs(a.x) + std::abs(a.y) + wide + tall);
        if (front * area < -(wide + tall + kSlack) * (kSlack + rounding)) continue;
      }
      if (sampled && (wide < 1 || tall < 1)) {
        // whether a whole number lies between low - sample and high - sample, in x and in y
        const __m128 low_x = _mm_sub_ps(_mm_shuffle_ps(low, low, 0x00), slack);
        const __m128 low_y = _mm_sub_ps(_mm_shuffle_ps(low, low, 0x55), slack);
        const __m128 high_x = _mm_add_ps(_mm_shuffle_ps(high, high, 0x00), slack);
        const __m128 high_y = _mm_add_ps(_mm_shuffle_ps(high, high, 0x55), slack);
        int touched = 0;
        for (size_t g = 0; g < groups; ++g) {
          const __m128 x = _mm_cmpge_ps(_mm_floor_ps(_mm_sub_ps(high_x, sample_x[g])),
                                        _mm_ceil_ps(_mm_sub_ps(low_x, sample_x[g])));
          const __m128 y = _mm_cmpge_ps(_mm_floor_ps(_mm_sub_ps(high_y, sample_y[g])),
                                        _mm_ceil_ps(_mm_sub_ps(low_y, sample_y[g])));
          touched |= _mm_movemask_ps(_mm_and_ps(x, y));
        }
        if (!touched) continue;
      }
    }
    const uint32_t* v = &mesh.vertex[at];
    out[0] = v[0], out[1] = v[1], out[2] = v[2];
    out += 3;
  }
  selected_.resize(out - selected_.data());
  return selected_;
}

}  // namespace vega
