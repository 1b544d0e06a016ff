// Widgets, their names and places, and textures.

#include "viewer/ui.h"

#include <GL/gl.h>
#include <imgui_stdlib.h>

namespace vega {

namespace colours {
const ImVec4 kGood{0.25f, 0.70f, 0.38f, 1};
const ImVec4 kBad{0.88f, 0.40f, 0.35f, 1};
const ImVec4 kNote{0.90f, 0.65f, 0.20f, 1};
}  // namespace colours

void ColouredText(const ImVec4& colour, const std::string& text) {
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextWrapped("%s", text.c_str());
  ImGui::PopStyleColor();
}

void DisabledText(const std::string& text) {
  ColouredText(ImGui::GetStyleColorVec4(ImGuiCol_TextDisabled), text);
}

void SameLineIfRoom(const char* label) {
  const ImGuiStyle& style = ImGui::GetStyle();
  const float width =
      ImGui::GetFrameHeight() + style.ItemInnerSpacing.x + ImGui::CalcTextSize(label).x;
  const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
  if (ImGui::GetItemRectMax().x + style.ItemSpacing.x + width <= right) ImGui::SameLine();
}

ImageTexture::~ImageTexture() {
  if (id_ != 0) glDeleteTextures(1, &id_);
}

ImTextureID ImageTexture::Upload(const Image& image, uint64_t version, bool smooth) {
  const auto handle = [&] { return reinterpret_cast<ImTextureID>(static_cast<intptr_t>(id_)); };
  if (id_ != 0 && version == version_) return handle();
  if (id_ == 0) glGenTextures(1, &id_);
  version_ = version;
  const int filter = smooth ? GL_LINEAR : GL_NEAREST;
  glBindTexture(GL_TEXTURE_2D, id_);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB, image.width, image.height, 0, GL_RGB, GL_UNSIGNED_BYTE,
               image.pixels.data());
  glBindTexture(GL_TEXTURE_2D, 0);
  return handle();
}

void Ui::NewFrame() {
  before_ = std::move(here_);
  here_.clear();
  scope_.clear();
}

std::optional<Rect> Ui::Find(const std::string& name) const {
  for (const auto* book : {&here_, &before_}) {
    const auto found = book->find(name);
    if (found != book->end()) return found->second;
  }
  return {};
}

std::vector<std::string> Ui::names() const {
  std::vector<std::string> names;
  for (const auto& [name, rect] : before_) names.push_back(name);
  return names;
}

bool Ui::BeginPanel(const char* name, const Rect& place) {
  scope_ = name;
  ImGui::SetNextWindowPos(place.min);
  ImGui::SetNextWindowSize({place.width(), place.height()});
  return ImGui::Begin(name, nullptr,
                      ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoResize |
                          ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoTitleBar |
                          ImGuiWindowFlags_NoBringToFrontOnFocus);
}

void Ui::EndPanel() {
  ImGui::End();
  scope_.clear();
}

void Ui::Mark(const std::string& label) {
  // what follows "##" tells equal labels apart and is not shown
  if (!ImGui::IsItemVisible()) return;
  here_[scope_ + "/" + label] = {ImGui::GetItemRectMin(), ImGui::GetItemRectMax()};
}

bool Ui::Button(const char* label, bool enabled) {
  ImGui::BeginDisabled(!enabled);
  const bool pressed = ImGui::Button(label);
  ImGui::EndDisabled();
  Mark(label);
  return pressed;
}

bool Ui::Checkbox(const char* label, bool* value) {
  const bool changed = ImGui::Checkbox(label, value);
  Mark(label);
  return changed;
}

bool Ui::Radio(const char* label, bool active) {
  const bool pressed = ImGui::RadioButton(label, active);
  Mark(label);
  return pressed;
}

bool Ui::SliderInt(const char* label, int* value, int low, int high, const char* format) {
  const bool changed =
      ImGui::SliderInt(label, value, low, high, format, ImGuiSliderFlags_AlwaysClamp);
  Mark(label);
  return changed;
}

bool Ui::SliderFloat(const char* label, float* value, float low, float high, const char* format,
                     bool logarithmic) {
  const ImGuiSliderFlags flags =
      ImGuiSliderFlags_AlwaysClamp | (logarithmic ? ImGuiSliderFlags_Logarithmic : 0);
  const bool changed = ImGui::SliderFloat(label, value, low, high, format, flags);
  Mark(label);
  return changed;
}

bool Ui::Text(const char* label, std::string* value, const char* hint) {
  const bool entered =
      ImGui::InputTextWithHint(label, hint, value, ImGuiInputTextFlags_EnterReturnsTrue);
  const bool left = ImGui::IsItemDeactivatedAfterEdit();
  Mark(label);
  return entered || left;
}

std::optional<std::string> Ui::Combo(const char* label, const std::string& current,
                                     const std::vector<std::string>& options) {
  std::optional<std::string> chosen;
  const bool open = ImGui::BeginCombo(label, current.c_str());
  Mark(label);
  if (!open) return chosen;
  for (const std::string& option : options) {
    if (ImGui::Selectable(option.c_str(), option == current)) chosen = option;
    Mark(std::string(label) + "/" + option);
  }
  ImGui::EndCombo();
  return chosen;
}

bool Ui::Selectable(const char* label, bool selected) {
  const bool pressed = ImGui::Selectable(label, selected);
  Mark(label);
  return pressed;
}

bool Ui::Tab(const char* label) {
  const bool open = ImGui::BeginTabItem(label);
  Mark(label);
  return open;
}

ImTextureID Ui::Texture(const std::string& name, const Image& image, uint64_t version,
                        bool smooth) {
  auto& texture = textures_[name];
  if (texture == nullptr) texture = std::make_unique<ImageTexture>();
  return texture->Upload(image, version, smooth);
}

void Ui::Picture(const std::string& name, const Image& image, uint64_t version, float side,
                 bool smooth) {
  ImGui::Image(Texture(name, image, version, smooth), {side, side});
  Mark(name);
}

}  // namespace vega
