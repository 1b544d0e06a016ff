// The instruction encoder against sentence-transformers, with the published weights.

#include "agent/text_encoder.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

struct Reference {
  const char* text;
  std::vector<int64_t> ids;
  std::vector<float> first;  // six of 384
  double sum;
};

// computed with transformers from the same weights
const Reference kReferences[] = {
    {"pick up the black bowl between the plate and the ramekin and place it on the plate",
     {101,  4060,  2039, 1996, 2304, 4605, 2090, 1996, 5127, 1998, 1996,
      8223, 26576, 2078, 1998, 2173, 2009, 2006, 1996, 5127, 102},
     {0.016835f, 0.049803f, -0.032810f, -0.022275f, -0.054272f, 0.013064f},
     0.395211},
    {"put the wine bottle on top of the cabinet",
     {101, 2404, 1996, 4511, 5835, 2006, 2327, 1997, 1996, 5239, 102},
     {0.043864f, 0.040368f, -0.120638f, -0.027381f, 0.037664f, 0.004782f},
     0.280338},
    {"The quick brown fox.",
     {101, 1996, 4248, 2829, 4419, 1012, 102},
     {0.014299f, 0.035728f, -0.001999f, 0.054284f, 0.031574f, -0.036607f},
     0.302941}};

TEST_CASE("Instructions encode as the published MiniLM encodes them") {
  const TextEncoder encoder(Data().minilm);
  std::vector<at::Tensor> sentences;
  for (const Reference& reference : kReferences) {
    INFO(reference.text);
    CHECK(encoder.tokenizer().Encode(reference.text) == reference.ids);
    const TextEmbedding embedding = encoder.Encode(reference.text);
    CHECK(embedding.words.sizes() ==
          at::IntArrayRef({static_cast<int64_t>(reference.ids.size()), 384}));
    for (int i = 0; i < 6; ++i) {
      CHECK(embedding.sentence[i].item<float>() == Approx(reference.first[i]).margin(1e-5));
    }
    // the references are rounded to six digits
    CHECK(embedding.sentence.sum().item<double>() == Approx(reference.sum).margin(1e-5));
    CHECK(embedding.sentence.norm().item<double>() == Approx(1).margin(1e-6));
    sentences.push_back(embedding.sentence);
  }
  CHECK(sentences[0].dot(sentences[1]).item<double>() == Approx(0.362124).margin(1e-5));
  CHECK(sentences[0].dot(sentences[2]).item<double>() == Approx(0.088951).margin(1e-5));
}

TEST_CASE("The tokenizer folds case and accents, splits punctuation and knows its limits") {
  const WordpieceTokenizer tokenizer(Data().minilm / "vocab.txt");
  CHECK(tokenizer.Encode("") == std::vector<int64_t>{101, 102});
  CHECK(tokenizer.Encode("  The\tQUICK  br\xC3\xB6wn\nfox.") ==
        tokenizer.Encode("the quick brown fox ."));
  CHECK(tokenizer.Encode("it's") == tokenizer.Encode("it ' s"));
  // malformed UTF-8 and control characters vanish
  CHECK(tokenizer.Encode("fo\xFFx\x01") == tokenizer.Encode("fox"));
  // a word without pieces, and one that is too long
  CHECK(tokenizer.Encode("\xE2\x98\x83") == std::vector<int64_t>{101, 100, 102});
  CHECK(tokenizer.Encode(std::string(101, 'a')) == std::vector<int64_t>{101, 100, 102});
  std::string many;
  for (int i = 0; i < 400; ++i) many += "bowl ";
  CHECK(tokenizer.Encode(many).size() == 256);
  CHECK(tokenizer.Encode(many).back() == 102);
}

TEST_CASE("A missing vocabulary is one clear error") {
  CHECK_THROWS_AS(WordpieceTokenizer("/nonexistent/vocab.txt"), Error);
}

}  // namespace
}  // namespace vega
