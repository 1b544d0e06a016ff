// The tokenizer of T5 and UMT5, from its spiece.model, and Wan2.1's cleaning of prompts.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace vega {

class SentencepieceTokenizer {
 public:
  // Throws Error when the file is not a SentencePiece model.
  explicit SentencepieceTokenizer(const std::filesystem::path& file);
  ~SentencepieceTokenizer();

  // Ids of a text, the end of the sentence last; at most `max_words` of them, as Hugging Face cuts.
  std::vector<int64_t> Encode(const std::string& text, size_t max_words) const;

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
};

// Wan2.1 cleans a prompt by ftfy.fix_text, html.unescape twice, and runs of white space made one
// space. This does the same but for what ftfy guesses (text decoded wrongly): quotes made straight,
// ligatures and full-width letters made plain, control characters removed, NFC; numeric entities
// and the named ones of HTML 2 are unescaped. Plain ASCII is only trimmed and unescaped, as there.
std::string CleanPrompt(const std::string& text);

}  // namespace vega
