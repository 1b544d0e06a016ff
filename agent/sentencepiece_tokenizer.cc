// SentencePiece by its own library; the cleaning on utf8proc's code points.

#include "agent/sentencepiece_tokenizer.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>
#include <utf8proc.h>

#include <charconv>
#include <string_view>

#include "sim/base/error.h"

namespace vega {
namespace {

// what ftfy writes instead of a code point; an empty text removes it, null keeps it
const char* Plain(utf8proc_int32_t c) {
  switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201a:
    case 0x201b:
    case 0x02bc:
      return "'";
    case 0x201c:
    case 0x201d:
    case 0x201e:
    case 0x201f:
      return "\"";
    case 0xfb00:
      return "ff";
    case 0xfb01:
      return "fi";
    case 0xfb02:
      return "fl";
    case 0xfb03:
      return "ffi";
    case 0xfb04:
      return "ffl";
    case 0xfb05:
      return "\u017ft";
    case 0xfb06:
      return "st";
    case 0x3000:
      return " ";
    case 0x2028:
    case 0x2029:
    case 0x0085:
      return "\n";
    case 0xfeff:
      return "";
    default:
      break;
  }
  const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\f' && c != '\r';
  const bool hidden = c == 0x7f || (c >= 0x206a && c <= 0x206f) || (c >= 0xfff9 && c <= 0xfffc);
  return control || hidden ? "" : nullptr;
}

void Append(std::string& out, utf8proc_int32_t c) {
  utf8proc_uint8_t bytes[4];
  out.append(reinterpret_cast<char*>(bytes), static_cast<size_t>(utf8proc_encode_char(c, bytes)));
}

std::string FixText(const std::string& text) {
  std::string fixed;
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t c = -1;
    const auto size =
        utf8proc_iterate(data + at, static_cast<utf8proc_ssize_t>(text.size() - at), &c);
    if (size <= 0) throw Error("the prompt is not UTF-8");
    at += static_cast<size_t>(size);
    if (const char* plain = Plain(c)) {
      fixed += plain;
    } else {
      Append(fixed, c >= 0xff01 && c <= 0xff5e ? c - 0xff01 + 0x21 : c);
    }
  }
  utf8proc_uint8_t* nfc = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(fixed.data()),
                   static_cast<utf8proc_ssize_t>(fixed.size()), &nfc,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (size < 0) throw Error("the prompt is not UTF-8");
  std::string result(reinterpret_cast<char*>(nfc), static_cast<size_t>(size));
  free(nfc);
  return result;
}

// the code point of an entity without & and ;, or -1
utf8proc_int32_t Entity(std::string_view name) {
  constexpr std::pair<std::string_view, utf8proc_int32_t> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xa0}};
  for (const auto& [known, c] : kNamed) {
    if (name == known) return c;
  }
  if (name.size() < 2 || name[0] != '#') return -1;
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  utf8proc_int32_t c = -1;
  const auto result =
      std::from_chars(digits.data(), digits.data() + digits.size(), c, hex ? 16 : 10);
  const bool whole = result.ec == std::errc() && result.ptr == digits.data() + digits.size();
  return whole && c > 0 && utf8proc_codepoint_valid(c) ? c : -1;
}

std::string Unescape(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t end = text[at] == '&' ? text.find(';', at) : std::string::npos;
    const auto c =
        end == std::string::npos ? -1 : Entity(std::string_view(text).substr(at + 1, end - at - 1));
    if (c < 0) {
      out.push_back(text[at]);
    } else {
      Append(out, c);
      at = end;
    }
  }
  return out;
}

bool IsSpace(utf8proc_int32_t c) {
  if ((c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85) return true;
  const auto category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

}  // namespace

std::string CleanPrompt(const std::string& text) {
  const std::string plain = Unescape(Unescape(FixText(text)));
  std::string out;
  bool space = false;
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(plain.data());
  for (size_t at = 0; at < plain.size();) {
    utf8proc_int32_t c = -1;
    const auto size =
        utf8proc_iterate(data + at, static_cast<utf8proc_ssize_t>(plain.size() - at), &c);
    at += static_cast<size_t>(std::max<utf8proc_ssize_t>(size, 1));
    if (IsSpace(c)) {
      space = !out.empty();
      continue;
    }
    if (space) out.push_back(' ');
    space = false;
    Append(out, c);
  }
  return out;
}

SentencepieceTokenizer::SentencepieceTokenizer(const std::filesystem::path& file)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  const auto status = processor_->Load(file.string());
  if (!status.ok()) {
    throw Error(fmt::format("{} is not a SentencePiece model", file.string()), "check the file");
  }
}

SentencepieceTokenizer::~SentencepieceTokenizer() = default;

std::vector<int64_t> SentencepieceTokenizer::Encode(const std::string& text,
                                                    size_t max_words) const {
  const std::vector<int> pieces = processor_->EncodeAsIds(text);
  std::vector<int64_t> ids(pieces.begin(), pieces.end());
  if (ids.size() + 1 > max_words) ids.resize(max_words - 1);
  ids.push_back(processor_->eos_id());
  return ids;
}

}  // namespace vega
