// Dear ImGui's widgets by name: each is remembered as "Panel/label" with the place it has on the
// screen, so that a script can use the window as a hand would.

#pragma once

#include <imgui.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/image.h"

namespace vega {

// A picture in a GL texture; uploaded again only when `version` changes.
class ImageTexture {
 public:
  ImageTexture() = default;
  ~ImageTexture();
  ImageTexture(const ImageTexture&) = delete;
  ImageTexture& operator=(const ImageTexture&) = delete;
  ImTextureID Upload(const Image& image, uint64_t version, bool smooth);

 private:
  unsigned id_ = 0;
  uint64_t version_ = 0;
};

// A rectangle of the window, screen units from the top left.
struct Rect {
  ImVec2 min{}, max{};
  float width() const { return max.x - min.x; }
  float height() const { return max.y - min.y; }
  bool contains(ImVec2 p) const {
    return p.x >= min.x && p.x < max.x && p.y >= min.y && p.y < max.y;
  }
};

class Ui {
 public:
  // Forgets where widgets were.
  void NewFrame();
  // The widget of this name as it was last drawn, if it was drawn in this frame or the last.
  std::optional<Rect> Find(const std::string& name) const;
  std::vector<std::string> names() const;

  // A fixed panel; always ended by EndPanel.
  bool BeginPanel(const char* name, const Rect& place);
  void EndPanel();
  // Its name is put before those of its widgets; for tabs and windows within a panel.
  void Scope(const std::string& name) { scope_ = name; }

  bool Button(const char* label, bool enabled = true);
  bool Checkbox(const char* label, bool* value);
  bool Radio(const char* label, bool active);
  bool SliderInt(const char* label, int* value, int low, int high, const char* format);
  bool SliderFloat(const char* label, float* value, float low, float high, const char* format,
                   bool logarithmic = false);
  // True once it is left with another text than it was entered with, or by Enter.
  bool Text(const char* label, std::string* value, const char* hint = "");
  // The chosen option, or nothing. `current` is shown.
  std::optional<std::string> Combo(const char* label, const std::string& current,
                                   const std::vector<std::string>& options);
  bool Selectable(const char* label, bool selected = false);
  bool Tab(const char* label);  // as ImGui::BeginTabItem
  // Remembers the last ImGui item under this name.
  void Mark(const std::string& label);

  // A picture, kept under `name`; one square of `side` screen units.
  void Picture(const std::string& name, const Image& image, uint64_t version, float side,
               bool smooth = true);
  ImTextureID Texture(const std::string& name, const Image& image, uint64_t version, bool smooth);

 private:
  std::map<std::string, Rect> here_, before_;
  std::map<std::string, std::unique_ptr<ImageTexture>> textures_;
  std::string scope_;
};

namespace colours {
extern const ImVec4 kGood, kBad, kNote;
}  // namespace colours

// Wrapped text in a colour.
void ColouredText(const ImVec4& colour, const std::string& text);
void DisabledText(const std::string& text);  // the same in the colour of what is aside
// The radio button that comes next goes beside the last item where it fits, else below.
void SameLineIfRoom(const char* label);

}  // namespace vega
