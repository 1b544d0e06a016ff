// A sweep as a table and as a picture.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "tasks/evaluation/ablation_results.h"

namespace vega {
namespace {

constexpr int kCell = 64, kMargin = 44;           // pixels
constexpr int kScale = 2;                         // pixels a dot of a character
constexpr int kGlyphWidth = 3, kGlyphHeight = 5;  // dots

using Colour = std::array<uint8_t, 3>;
constexpr Colour kPaper = {255, 255, 255}, kInk = {20, 20, 20}, kNothing = {220, 220, 220};
// anchors of viridis (van der Walt and Smith, 2015), dark to bright
constexpr std::array<Colour, 5> kScaleColours = {
    {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}};

// rows of three dots, the top row first
struct Glyph {
  char character;
  std::array<uint8_t, kGlyphHeight> rows;
};
constexpr Glyph kGlyphs[] = {{'0', {7, 5, 5, 5, 7}}, {'1', {2, 6, 2, 2, 7}}, {'2', {7, 1, 7, 4, 7}},
                             {'3', {7, 1, 7, 1, 7}}, {'4', {5, 5, 7, 1, 1}}, {'5', {7, 4, 7, 1, 7}},
                             {'6', {7, 4, 7, 5, 7}}, {'7', {7, 1, 1, 2, 2}}, {'8', {7, 5, 7, 5, 7}},
                             {'9', {7, 5, 7, 1, 7}}, {'.', {0, 0, 0, 0, 2}}, {'-', {0, 0, 7, 0, 0}},
                             {'b', {4, 4, 7, 5, 7}}, {'t', {2, 7, 2, 2, 3}}};

void Fill(Image& image, int left, int top, int width, int height, Colour colour) {
  for (int y = top; y < top + height; ++y) {
    for (int x = left; x < left + width; ++x) {
      std::copy(colour.begin(), colour.end(),
                image.pixels.begin() + 3 * (static_cast<ptrdiff_t>(y) * image.width + x));
    }
  }
}

// centred on (x, y); characters that have no glyph are blanks
void Write(Image& image, const std::string& text, int x, int y, Colour colour) {
  const int pitch = (kGlyphWidth + 1) * kScale;
  int left = x - static_cast<int>(text.size()) * pitch / 2;
  const int top = y - kGlyphHeight * kScale / 2;
  for (const char character : text) {
    for (const Glyph& glyph : kGlyphs) {
      if (glyph.character != character) continue;
      for (int dot = 0; dot < kGlyphWidth * kGlyphHeight; ++dot) {
        const int row = dot / kGlyphWidth, column = dot % kGlyphWidth;
        if ((glyph.rows[row] >> (kGlyphWidth - 1 - column) & 1) == 0) continue;
        Fill(image, left + column * kScale, top + row * kScale, kScale, kScale, colour);
      }
    }
    left += pitch;
  }
}

// share in [0,1]
Colour ColourAt(double share) {
  const double at = share * (kScaleColours.size() - 1);
  const size_t below = std::min(static_cast<size_t>(at), kScaleColours.size() - 2);
  Colour colour{};
  for (size_t i = 0; i < colour.size(); ++i) {
    const double a = kScaleColours[below][i], b = kScaleColours[below + 1][i];
    colour[i] = static_cast<uint8_t>(std::lround(a + (at - static_cast<double>(below)) * (b - a)));
  }
  return colour;
}

}  // namespace

std::string SweepTable(const Sweep& sweep) {
  std::string text = "| block \\ timestep |", rule = "|---|";
  for (const int64_t timestep : sweep.timesteps) {
    text += fmt::format(" {} |", timestep);
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  for (size_t row = 0; row < sweep.blocks.size(); ++row) {
    text += fmt::format("| {} |", sweep.blocks[row]);
    for (const double value : sweep.values[row]) {
      text += std::isnan(value) ? " – |" : fmt::format(" {:.4f} |", value);
    }
    text += "\n";
  }
  return text;
}

Image HeatMap(const Sweep& sweep) {
  const int rows = static_cast<int>(sweep.blocks.size()),
            columns = static_cast<int>(sweep.timesteps.size());
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& row : sweep.values) {
    for (const double value : row) {
      if (std::isnan(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  Image image{.height = kMargin + rows * kCell, .width = kMargin + columns * kCell};
  image.pixels.resize(static_cast<size_t>(image.height) * image.width * 3);
  Fill(image, 0, 0, image.width, image.height, kPaper);
  for (int column = 0; column < columns; ++column) {
    Write(image, fmt::format("t{}", sweep.timesteps[column]), kMargin + column * kCell + kCell / 2,
          kMargin / 2, kInk);
  }
  for (int row = 0; row < rows; ++row) {
    const int top = kMargin + row * kCell;
    Write(image, fmt::format("b{}", sweep.blocks[row]), kMargin / 2, top + kCell / 2, kInk);
    for (int column = 0; column < columns; ++column) {
      const double value = sweep.values[row][column];
      const int left = kMargin + column * kCell;
      const double share = high > low ? (value - low) / (high - low) : 0;
      Fill(image, left, top, kCell, kCell, std::isnan(value) ? kNothing : ColourAt(share));
      if (std::isnan(value)) continue;
      Write(image, fmt::format("{:.4f}", value), left + kCell / 2, top + kCell / 2,
            share > 0.6 ? kInk : kPaper);
    }
  }
  return image;
}

}  // namespace vega
