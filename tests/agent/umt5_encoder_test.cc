// UMT5 and its tokenizer against transformers.

#include "agent/umt5_encoder.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

TEST_CASE("Prompt embeddings and ids equal transformers'") {
  const auto folder = std::filesystem::path(VEGA_FIXTURES) / "agent" / "umt5";
  Umt5TextEncoder encoder(folder);
  const TensorMap expected = ReadTensors(folder / "expected.safetensors");
  std::string repeated;
  for (int i = 0; i < 12; ++i) repeated += "open the middle drawer & close it";
  const std::string texts[] = {"", "put the black bowl on the plate", repeated};
  for (int i = 0; i < 3; ++i) {
    const auto ids = encoder.tokenizer().Encode(texts[i], 512);
    CHECK(at::tensor(ids, at::kLong).equal(expected.at("ids" + std::to_string(i))));
    const double error =
        RelativeError(encoder.Encode(texts[i]), expected.at("embedding" + std::to_string(i)));
    INFO("text " << i << ": " << error);
    CHECK(error < 1e-5);
  }
  // longer prompts are cut, the end of the sentence kept
  const auto cut = encoder.tokenizer().Encode(repeated, 10);
  CHECK(cut.size() == 10);
  CHECK(cut.back() == 1);
}

TEST_CASE("Relative positions share buckets as in T5") {
  const at::Tensor buckets = RelativeBuckets(200, {});
  const auto bucket = [&](int64_t query, int64_t key) {
    return buckets[query][key].item<int64_t>();
  };
  CHECK(bucket(5, 5) == 0);
  CHECK(bucket(5, 4) == 1);
  CHECK(bucket(5, 6) == 17);  // later keys come after the 16 of earlier ones
  CHECK(bucket(10, 2) == 8);  // 8 and on are logarithmic
  CHECK(bucket(100, 84) == 10);
  CHECK(bucket(199, 0) == 15);  // beyond 128 all alike
  CHECK(bucket(0, 199) == 31);
}

TEST_CASE("Prompts are cleaned as published") {
  CHECK(CleanPrompt("  put   the\tbowl\n down ") == "put the bowl down");
  CHECK(CleanPrompt("cup &amp;amp; plate &lt;b&gt; &#65;&#x42;") == "cup & plate <b> AB");
  CHECK(CleanPrompt("\u201cthe cook\u2019s \ufb01ne pot\u201d") == "\"the cook's fine pot\"");
  CHECK(CleanPrompt("\uff21\uff22\u3000x") == "AB x");
  CHECK(CleanPrompt("cafe\u0301") == "caf\u00e9");
  CHECK(CleanPrompt("a & b; &unknown; &#0;") == "a & b; &unknown; &#0;");
  CHECK_THROWS_AS(CleanPrompt("\xff\xfe"), Error);
}

TEST_CASE("Folders without a text encoder are one clear error") {
  CHECK_THROWS_WITH(Umt5TextEncoder(std::filesystem::path(VEGA_FIXTURES) / "agent"),
                    Catch::Contains("no spiece.model"));
}

}  // namespace
}  // namespace vega
