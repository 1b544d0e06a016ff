#include "sim/base/safetensors.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

namespace vega {
namespace {

namespace fs = std::filesystem;

// a folder of its own, removed at the end of the test
struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("vega-safetensors-" + std::to_string(getpid()));
  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

std::string FileOf(const std::string& header, size_t data_bytes) {
  std::string file(8, '\0');
  const uint64_t size = header.size();
  std::memcpy(file.data(), &size, 8);
  return file + header + std::string(data_bytes, '\1');
}

SafetensorsFile ParseText(const std::string& file) {
  return SafetensorsFile::Parse(std::as_bytes(std::span(file)), "test");
}

std::string MessageOf(const std::string& file) {
  try {
    ParseText(file);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("safetensors: what was written is read back, with its metadata") {
  TemporaryFolder folder;
  const std::vector<double> actions = {1, 2, 3, 4, 5, 6};
  const std::vector<uint8_t> flags = {7, 8, 9};
  const std::vector<float> nothing;
  SafetensorsWriter writer;
  writer.Add("actions", {2, 3}, actions);
  writer.Add("flags", {3}, flags);
  writer.Add("empty", {0, 4}, nothing);
  writer.SetMetadata("suite", "libero_goal");
  writer.Write(folder.path / "a.safetensors");

  const auto file = SafetensorsFile::Open(folder.path / "a.safetensors");
  CHECK(file.Values<double>("actions") == actions);
  CHECK(file.at("actions").shape == std::vector<int64_t>{2, 3});
  CHECK(file.Values<uint8_t>("flags") == flags);
  CHECK(file.Values<float>("empty").empty());
  CHECK(file.metadata().at("suite") == "libero_goal");
  CHECK(Describe(file.at("actions")) == "F64 [2, 3]");
}

TEST_CASE("safetensors: single precision is widened on request, other dtypes are refused") {
  const std::string file = FileOf(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4);
  const auto parsed = ParseText(file);
  CHECK(parsed.Values<double>("x").size() == 1);
  CHECK_THROWS_WITH(parsed.Values<int64_t>("x"),
                    Catch::Contains("F32 [1]") && Catch::Contains("I64 is expected"));
  CHECK_THROWS_WITH(parsed.at("y"), Catch::Contains("no tensor \"y\"") && Catch::Contains("x"));
}

TEST_CASE("safetensors: lying headers are refused in one line") {
  struct Lie {
    std::string header;
    size_t data_bytes;
    std::string message;
  };
  const std::vector<Lie> lies = {
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "span 4 bytes"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,800]}})", 8,
       "outside the 8 data bytes"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "outside"},
      {R"({"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "entry is not"},
      {R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})", 8,
       "too large"},
      {R"({"x":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8, "unknown dtype F31"},
      {R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "holes"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       3, "overlap"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
       R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
       1, "unique keys"},
      {R"({"__metadata__":{"a":1}})", 0, "__metadata__"},
      {"[1,2]", 0, "JSON object"},
      {"{", 0, "JSON object"},
  };
  for (const Lie& lie : lies) {
    CAPTURE(lie.header);
    const std::string message = MessageOf(FileOf(lie.header, lie.data_bytes));
    CHECK_THAT(message, Catch::Contains(lie.message));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("safetensors: a cut or padded file is refused") {
  const std::string whole = FileOf(R"({"x":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}})", 9);
  REQUIRE(MessageOf(whole).empty());
  for (size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(MessageOf(whole.substr(0, size)).empty());
  }
  CHECK_FALSE(MessageOf(whole + "x").empty());
}

TEST_CASE("safetensors: a failed write names the file and leaves nothing behind") {
  TemporaryFolder folder;
  const std::vector<float> one = {1};
  SafetensorsWriter writer;
  writer.Add("x", {1}, one);
  CHECK_THROWS_WITH(
      writer.Write(folder.path / "missing" / "a.safetensors"),
      Catch::Contains("missing/a.safetensors") && Catch::Contains("make the folder first"));
  CHECK(fs::is_empty(folder.path));
  CHECK_THROWS_AS(writer.Add("y", {2}, one), Error);
}

}  // namespace
}  // namespace vega
