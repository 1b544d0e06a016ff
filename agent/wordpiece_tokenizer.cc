// Wordpieces; the reference is BertTokenizer of Hugging Face transformers (tokenization_bert.py).

#include "agent/wordpiece_tokenizer.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <fstream>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr size_t kMaxWordChars = 100;  // longer words become [UNK]

bool IsCjk(utf8proc_int32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) ||
         (c >= 0x2B820 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

bool IsPunctuation(utf8proc_int32_t c) {
  // ascii symbols such as $ and ^ count as punctuation, whatever their Unicode category
  if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
      (c >= 123 && c <= 126)) {
    return true;
  }
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool IsSpace(utf8proc_int32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
         utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

bool IsControl(utf8proc_int32_t c) {
  const auto category = utf8proc_category(c);
  return c == 0xFFFD || category == UTF8PROC_CATEGORY_CN || category >= UTF8PROC_CATEGORY_CC;
}

void Append(std::string& text, utf8proc_int32_t c) {
  utf8proc_uint8_t bytes[4];
  text.append(reinterpret_cast<char*>(bytes), utf8proc_encode_char(c, bytes));
}

// lower-case c, decomposed, without its accents
void AppendFolded(std::string& word, utf8proc_int32_t c) {
  utf8proc_int32_t parts[16];
  int boundary = 0;
  const auto count =
      utf8proc_decompose_char(utf8proc_tolower(c), parts, 16, UTF8PROC_DECOMPOSE, &boundary);
  for (int i = 0; i < count; ++i) {
    if (utf8proc_category(parts[i]) != UTF8PROC_CATEGORY_MN) Append(word, parts[i]);
  }
}

// words of a text: runs between spaces, and each punctuation mark and CJK sign on its own
std::vector<std::string> SplitWords(const std::string& text) {
  std::vector<std::string> words(1);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t c = -1;
    const auto length = utf8proc_iterate(bytes + at, text.size() - at, &c);
    at += length > 0 ? length : 1;
    if (length <= 0) continue;
    if (IsSpace(c)) {
      words.emplace_back();
    } else if (IsPunctuation(c) || IsCjk(c)) {
      words.emplace_back();
      Append(words.back(), c);
      words.emplace_back();
    } else if (!IsControl(c)) {
      AppendFolded(words.back(), c);
    }
  }
  return words;
}

}  // namespace

WordpieceTokenizer::WordpieceTokenizer(const std::filesystem::path& vocab) {
  std::ifstream file(vocab);
  if (!file) {
    throw Error(fmt::format("cannot read the vocabulary {}", vocab.string()),
                "./vega doctor fetches it");
  }
  for (std::string piece; std::getline(file, piece);) {
    if (!piece.empty() && piece.back() == '\r') piece.pop_back();
    vocab_.emplace(piece, static_cast<int64_t>(vocab_.size()));
  }
  unknown_ = Special("[UNK]", vocab);
  begin_ = Special("[CLS]", vocab);
  end_ = Special("[SEP]", vocab);
}

int64_t WordpieceTokenizer::Special(const std::string& piece,
                                    const std::filesystem::path& vocab) const {
  const auto found = vocab_.find(piece);
  if (found == vocab_.end()) throw Error(fmt::format("{} has no {}", vocab.string(), piece));
  return found->second;
}

std::vector<int64_t> WordpieceTokenizer::Encode(const std::string& text, int64_t max_words) const {
  std::vector<int64_t> ids = {begin_};
  for (const std::string& word : SplitWords(text)) AppendPieces(word, ids);
  if (static_cast<int64_t>(ids.size()) >= max_words) ids.resize(max_words - 1);
  ids.push_back(end_);
  return ids;
}

void WordpieceTokenizer::AppendPieces(const std::string& word, std::vector<int64_t>& ids) const {
  // the longest piece that fits, again and again; one that does not fit makes the word unknown
  const size_t first = ids.size();
  size_t chars = 0;
  for (char c : word) chars += (c & 0xC0) != 0x80;
  if (chars > kMaxWordChars) return ids.push_back(unknown_);
  for (size_t begin = 0; begin < word.size();) {
    size_t end = word.size();
    auto found = vocab_.end();
    for (; end > begin; --end) {
      found = vocab_.find((begin > 0 ? "##" : "") + word.substr(begin, end - begin));
      if (found != vocab_.end()) break;
    }
    if (end == begin) {
      ids.resize(first);
      return ids.push_back(unknown_);
    }
    ids.push_back(found->second);
    begin = end;
  }
}

}  // namespace vega
