// Other words for an instruction, so that a policy hears what is meant and not one sentence.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace vega {

class Paraphraser {
 public:
  // Reads assets/paraphrases.json, which says what its parts are. Throws Error naming the file when
  // it is no such table.
  Paraphraser();
  explicit Paraphraser(const std::filesystem::path& file);

  // `count` sentences, each a function of seed, instruction and its place: some phrases exchanged,
  // now and then an opening or a closing.
  std::vector<std::string> Paraphrase(const std::string& instruction, int count,
                                      uint64_t seed) const;

 private:
  struct Phrase {
    std::vector<std::string> words, others;
  };
  std::vector<Phrase> phrases_;  // those of more words first
  std::vector<std::string> openings_, closings_;
};

}  // namespace vega
