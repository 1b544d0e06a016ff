// Phrases exchanged from left to right, the longest that fits first.

#include "agent/train/paraphraser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/paths.h"
#include "sim/base/random.h"

namespace vega {
namespace {

// chances of a phrase to be exchanged, of an opening and of a closing
constexpr double kExchanged = 0.5, kOpening = 0.35, kClosing = 0.1;

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

const std::string& Pick(const std::vector<std::string>& list, RandomStream& stream) {
  return list[stream.Below(static_cast<uint32_t>(list.size()))];
}

}  // namespace

Paraphraser::Paraphraser() : Paraphraser(OwnAssets() / "paraphrases.json") {}

Paraphraser::Paraphraser(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  try {
    const auto json = nlohmann::json::parse(mapped.text());
    for (const auto& [phrase, others] : json.at("phrases").items()) {
      phrases_.push_back({Words(phrase), others});
      if (phrases_.back().words.empty() || phrases_.back().others.empty()) {
        throw Error(fmt::format("{}: phrase '{}' has no words or no others", file.string(), phrase));
      }
    }
    openings_ = json.at("openings");
    closings_ = json.at("closings");
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()),
                "it holds \"phrases\", \"openings\" and \"closings\"");
  }
  std::stable_sort(phrases_.begin(), phrases_.end(), [](const Phrase& a, const Phrase& b) {
    return a.words.size() > b.words.size();
  });
}

std::vector<std::string> Paraphraser::Paraphrase(const std::string& instruction, int count,
                                                 uint64_t seed) const {
  const std::vector<std::string> words = Words(instruction);
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    RandomStream stream(seed, "paraphrase/" + instruction, static_cast<uint64_t>(i));
    std::vector<std::string> said;
    if (!openings_.empty() && stream.Uniform() < kOpening) said.push_back(Pick(openings_, stream));
    for (size_t at = 0; at < words.size();) {
      const auto fits = [&](const Phrase& phrase) {
        return phrase.words.size() <= words.size() - at &&
               std::equal(phrase.words.begin(), phrase.words.end(), words.begin() + at);
      };
      const auto phrase = std::find_if(phrases_.begin(), phrases_.end(), fits);
      if (phrase == phrases_.end() || stream.Uniform() >= kExchanged) {
        // the words of a phrase that stays stay together
        const size_t length = phrase == phrases_.end() ? 1 : phrase->words.size();
        said.insert(said.end(), words.begin() + at, words.begin() + at + length);
        at += length;
      } else {
        said.push_back(Pick(phrase->others, stream));
        at += phrase->words.size();
      }
    }
    if (!closings_.empty() && stream.Uniform() < kClosing) said.push_back(Pick(closings_, stream));
    out.push_back(fmt::format("{}", fmt::join(said, " ")));
  }
  return out;
}

}  // namespace vega
