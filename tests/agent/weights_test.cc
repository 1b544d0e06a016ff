// Every published tensor has its place, whatever its name; every misfit is one line.

#include "agent/weights.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/torch_pickle.h"
#include "agent/umt5_encoder.h"
#include "agent/video_dit.h"
#include "agent/video_vae.h"
#include "agent/wan_names.h"
#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

struct PublishedTensor {
  std::string name, diffusers;  // `diffusers` is empty where a table has no such column
  std::vector<int64_t> shape;
};

// tests/fixtures/agent/names/NAME.tsv: name, perhaps diffusers' name, "768x384x3"
std::vector<PublishedTensor> Published(const std::string& name) {
  std::ifstream file(fs::path(VEGA_FIXTURES) / "agent" / "names" / (name + ".tsv"));
  std::vector<PublishedTensor> tensors;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> columns;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) columns.push_back(field);
    PublishedTensor tensor{columns.front(), columns.size() == 3 ? columns[1] : "", {}};
    std::istringstream sizes(columns.back());
    for (std::string size; std::getline(sizes, size, 'x');)
      tensor.shape.push_back(std::stoll(size));
    tensors.push_back(tensor);
  }
  return tensors;
}

// loads tensors of the published names and shapes, which take no memory, and counts them
void LoadPublished(torch::nn::Module& module, const std::string& table, bool diffusers,
                   const KeyMap& rename = {}) {
  const auto published = Published(table);
  REQUIRE(published.size() > 100);
  TensorMap tensors;
  for (const auto& tensor : published) {
    tensors.emplace(diffusers ? tensor.diffusers : tensor.name, Unset(tensor.shape, 0.5));
  }
  REQUIRE(tensors.size() == published.size());
  CHECK_NOTHROW(LoadTensors(module, tensors, table, rename));
  for (const auto& [key, tensor] : NamedTensors(module)) {
    REQUIRE(*tensor.const_data_ptr<float>() == 0.5f);
  }
  // one tensor less, one more, one of another shape, one of integers: each is named
  const std::string some = tensors.rbegin()->first;
  TensorMap less = tensors, more = tensors, other = tensors, integers = tensors;
  less.erase(some);
  CHECK_THROWS_WITH(LoadTensors(module, less, "F", rename),
                    Catch::Contains("F: tensor '" + some + "' missing"));
  more["moon.weight"] = at::zeros({1});
  CHECK_THROWS_WITH(LoadTensors(module, more, "F", rename),
                    Catch::Contains("F: tensor 'moon.weight' not part of the model"));
  other[some] = at::zeros({3});
  CHECK_THROWS_WITH(LoadTensors(module, other, "F", rename),
                    Catch::Contains("F: tensor '" + some + "' is [3], the model wants ["));
  integers[some] = at::zeros({}, at::kLong).expand(integers[some].sizes());
  CHECK_THROWS_WITH(LoadTensors(module, integers, "F", rename),
                    Catch::Contains("F: tensor '" + some + "' is Long, the model wants Float"));
}

TEST_CASE("Wan2.1-T2V-1.3B: every tensor is used and none is left over, in both namings") {
  VideoDit dit{VideoDitOptions()};
  LoadPublished(*dit, "wan_t2v", false);
  LoadPublished(*dit, "wan_t2v", true, DiffusersDitName);
}

TEST_CASE("Wan2.1-VACE-1.3B: every tensor is used and none is left over") {
  VideoDitOptions options;
  for (int64_t i = 0; i < options.num_layers; i += 2) options.vace_layers.push_back(i);
  LoadPublished(*VideoDit(options), "wan_vace", false);
}

TEST_CASE("Wan2.1's VAE: every tensor is used and none is left over, in both namings") {
  VideoVae vae{VideoVaeOptions()};
  LoadPublished(*vae, "wan_vae", false);
  LoadPublished(*vae, "wan_vae", true,
                [](const std::string& name) { return DiffusersVaeName(name, 2); });
}

TEST_CASE("UMT5-XXL: every tensor is used and none is left over") {
  LoadPublished(*Umt5Encoder(), "umt5_xxl", false);
}

TEST_CASE("A state_dict of torch.save is read without running it") {
  const TensorMap tensors = MapTorchPickle(fs::path(VEGA_FIXTURES) / "agent" / "state_dict.pth");
  REQUIRE(tensors.size() == 5);
  const at::Tensor whole = at::arange(24, at::kFloat).view({4, 6});
  CHECK(tensors.at("whole").equal(whole));
  CHECK(tensors.at("columns").equal(whole.t().slice(0, 1, 3)));
  CHECK(tensors.at("half").equal(at::tensor({0.5, -1.25}).to(at::kBFloat16)));
  CHECK(tensors.at("parameter").equal(at::tensor({3.0f, 4.0f})));
  CHECK(tensors.at("count").item<int64_t>() == 7);
}

TEST_CASE("A pickle that names anything but tensors is refused by that name") {
  const fs::path fixtures = fs::path(VEGA_FIXTURES) / "agent";
  CHECK_THROWS_WITH(MapTorchPickle(fixtures / "module.pth"),
                    Catch::Contains("names torch.nn.modules.linear.Linear"));
  CHECK_THROWS_WITH(MapTorchPickle(fixtures / "siglip.safetensors"), Catch::Contains("zip"));
}

TEST_CASE("A damaged checkpoint ends in an error, wherever it is damaged") {
  std::ifstream in(fs::path(VEGA_FIXTURES) / "agent" / "state_dict.pth", std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(in), {});
  const fs::path file =
      fs::temp_directory_path() / ("vega_pth_" + std::to_string(getpid()) + ".pth");
  size_t refused = 0, tried = 0;
  for (size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    if (at % 2 == 0) bad.resize(at);
    std::ofstream(file, std::ios::binary) << bad;
    ++tried;
    try {
      MapTorchPickle(file);
    } catch (const Error&) {
      ++refused;
    }
  }
  fs::remove(file);
  CHECK(refused > tried / 2);
}

}  // namespace
}  // namespace vega
