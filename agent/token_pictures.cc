// Components, percentiles, colour scales and lines.

#include "agent/token_pictures.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "agent/shapes.h"
#include "sim/base/error.h"
#include "sim/png.h"

namespace vega {
namespace {

constexpr uint8_t kRight[] = {60, 220, 80}, kWrong[] = {230, 50, 50};

int64_t SquareSide(int64_t count) {
  const int64_t side = std::lround(std::sqrt(static_cast<double>(count)));
  if (side * side != count) {
    throw Error(fmt::format("{} tokens are no square grid to draw", count));
  }
  return side;
}

void Line(Image& image, double x0, double y0, double x1, double y1, const uint8_t* colour) {
  const int steps = std::max(1, static_cast<int>(std::max(std::abs(x1 - x0), std::abs(y1 - y0))));
  for (int i = 0; i <= steps; ++i) {
    const double t = static_cast<double>(i) / steps;
    const int x = std::clamp(static_cast<int>(x0 + t * (x1 - x0)), 0, image.width - 1);
    const int y = std::clamp(static_cast<int>(y0 + t * (y1 - y0)), 0, image.height - 1);
    std::copy_n(colour, 3, image.pixels.data() + 3 * (size_t(y) * image.width + x));
  }
}

Image Enlarged(const Image& image, int scale) {
  const at::Tensor pixels = ToTensor(image);
  return ToImage(pixels.repeat_interleave(scale, 0).repeat_interleave(scale, 1));
}

}  // namespace

at::Tensor PrincipalComponents(const at::Tensor& tokens) {
  const at::Tensor rows = tokens.reshape({-1, tokens.size(-1)}).to(at::kCPU, at::kDouble);
  const at::Tensor centred = rows - rows.mean(0, true);                                   // [M,D]
  const at::Tensor axes = std::get<2>(at::linalg_svd(centred, /*full_matrices=*/false));  // [r,D]
  at::Tensor out = at::zeros({rows.size(0), 3});
  for (int64_t i = 0; i < std::min<int64_t>(3, axes.size(0)); ++i) {
    const at::Tensor largest = axes[i].index_select(0, axes[i].abs().argmax().view(1));
    const at::Tensor axis = axes[i] * largest.sign();
    out.select(1, i).copy_(centred.matmul(axis));
  }
  std::vector<int64_t> shape = tokens.sizes().vec();
  shape.back() = 3;
  return out.view(shape);
}

at::Tensor StretchToBytes(const at::Tensor& values) {
  const bool one = values.dim() == 1;
  const at::Tensor v = (one ? values.unsqueeze(-1) : values).to(at::kCPU, at::kFloat);
  const at::Tensor rows = v.reshape({-1, v.size(-1)});               // [M,C]
  const at::Tensor low = at::quantile(rows, 0.01, 0, true);          // [1,C]
  const at::Tensor range = at::quantile(rows, 0.99, 0, true) - low;  // [1,C]
  const at::Tensor unit = ((v - low) / range.clamp_min(1e-12)).clamp(0, 1);
  const at::Tensor bytes = (unit * 255 + 0.5).to(at::kByte);
  return one ? bytes.squeeze(-1) : bytes;
}

Image ToImage(const at::Tensor& pixels) {
  RequireShape(pixels, {-1, -1, 3}, "picture", "[H,W,3]");
  const at::Tensor whole = pixels.to(at::kCPU, at::kByte).contiguous();
  Image image{static_cast<int>(whole.size(0)), static_cast<int>(whole.size(1)), {}};
  image.pixels.assign(whole.data_ptr<uint8_t>(), whole.data_ptr<uint8_t>() + whole.numel());
  return image;
}

at::Tensor ToTensor(const Image& image) {
  at::Tensor pixels = at::empty({image.height, image.width, 3}, at::kByte);
  std::memcpy(pixels.data_ptr(), image.pixels.data(), image.pixels.size());
  return pixels;
}

Image Overlay(const Image& picture, const at::Tensor& colours, double opacity) {
  const bool flat = colours.dim() == 2;
  if (!flat) RequireShape(colours, {-1, -1, 3}, "colours", "[h,w,3]");
  const int64_t rows = flat ? SquareSide(colours.size(0)) : colours.size(0);
  const at::Tensor grid = colours.to(at::kFloat).reshape({1, rows, -1, 3}).permute({0, 3, 1, 2});
  const at::Tensor large = at::upsample_nearest2d(grid, {picture.height, picture.width});
  const at::Tensor mixed =
      large[0].permute({1, 2, 0}) * opacity + ToTensor(picture).to(at::kFloat) * (1 - opacity);
  return ToImage((mixed + 0.5).clamp(0, 255).to(at::kByte));
}

at::Tensor GateColours(const at::Tensor& gate) {
  const at::Tensor g = gate.to(at::kCPU, at::kFloat).clamp(0, 1);  // [N]
  const at::Tensor red = (g * 2).clamp(0, 1), blue = ((1 - g) * 2).clamp(0, 1);
  return (at::stack({red, at::minimum(red, blue), blue}, 1) * 255 + 0.5).to(at::kByte);
}

at::Tensor HeatColours(const at::Tensor& bytes) {
  const at::Tensor x = bytes.to(at::kCPU, at::kFloat) / 255;  // [N]
  const at::Tensor colours =
      at::stack({(x * 3).clamp(0, 1), (x * 3 - 1).clamp(0, 1), (x * 3 - 2).clamp(0, 1)}, 1);
  return (colours * 255 + 0.5).to(at::kByte);
}

Image CutRegion(const Image& image, const PictureRegion& region) {
  const auto at = [](double fraction, int size) { return std::lround(fraction * size); };
  return ToImage(ToTensor(image)
                     .slice(0, at(region.top, image.height), at(region.bottom, image.height))
                     .slice(1, at(region.left, image.width), at(region.right, image.width)));
}

Image SideBySide(const std::vector<Image>& pictures) {
  std::vector<at::Tensor> tensors;
  for (const Image& picture : pictures) tensors.push_back(ToTensor(picture));
  return ToImage(at::cat(tensors, 1));
}

void WriteTokenPictures(const std::filesystem::path& folder, const std::string& name,
                        const std::vector<Image>& pictures, const at::Tensor& tokens,
                        const at::Tensor& gate) {
  const auto count = static_cast<int64_t>(pictures.size());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(fmt::format("cannot make {}: {}", folder.string(), error.message()));
  if (tokens.dim() != 4) RequireShape(tokens, {count, -1, -1}, "tokens", "[F,N,D]");
  const auto write = [&](const char* kind, const at::Tensor& colours) {  // [F,N,3] or [F,h,w,3]
    std::vector<Image> overlays;
    for (int64_t f = 0; f < count; ++f) overlays.push_back(Overlay(pictures[f], colours[f]));
    WritePng(folder / (name + kind), SideBySide(overlays));
  };
  write("_pca.png", StretchToBytes(PrincipalComponents(tokens)));
  std::vector<int64_t> shape = tokens.sizes().vec();
  shape.back() = 3;
  const at::Tensor norms = StretchToBytes(tokens.norm(2, -1).flatten());  // [F*N]
  write("_norm.png", HeatColours(norms).view(shape));
  if (!gate.defined()) return;
  RequireShape(gate, {count, tokens.size(1), -1}, "gate", "[F,N,C]");
  write("_gate.png", GateColours(gate.mean(-1).flatten()).view({count, -1, 3}));
}

Image MatchPicture(const Image& a, const Image& b, const std::vector<CellMatch>& matches, int grid,
                   int scale) {
  Image out = Enlarged(SideBySide({a, b}), scale);
  const double cell_y = static_cast<double>(out.height) / grid;
  const double cell_x = static_cast<double>(out.width) / 2 / grid;
  for (const CellMatch& match : matches) {
    const auto x = [&](int cell) { return (cell % grid + 0.5) * cell_x; };
    const auto y = [&](int cell) { return (cell / grid + 0.5) * cell_y; };
    Line(out, x(match.a), y(match.a), out.width / 2 + x(match.b), y(match.b),
         match.right ? kRight : kWrong);
  }
  return out;
}

}  // namespace vega
