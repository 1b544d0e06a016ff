// Text to token ids as BERT's uncased tokenizer does it: clean, lower-case, strip accents, split at
// white space and punctuation, then the longest pieces of a vocabulary, greedily from the left.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace vega {

class WordpieceTokenizer {
 public:
  // Reads vocab.txt, one piece a line, the line number is its id. Throws Error when the file cannot
  // be read or lacks [UNK], [CLS] or [SEP].
  explicit WordpieceTokenizer(const std::filesystem::path& vocab);

  // text: UTF-8; malformed bytes are dropped. Returns [CLS] pieces [SEP], at most `max_words` ids.
  std::vector<int64_t> Encode(const std::string& text, int64_t max_words = 256) const;

 private:
  int64_t Special(const std::string& piece, const std::filesystem::path& vocab) const;
  void AppendPieces(const std::string& word, std::vector<int64_t>& ids) const;

  std::unordered_map<std::string, int64_t> vocab_;
  int64_t unknown_ = 0, begin_ = 0, end_ = 0;  // ids of [UNK], [CLS], [SEP]
};

}  // namespace vega
