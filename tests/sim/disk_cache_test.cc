// A folder of its own stands in for $VEGA_HOME.
#include "sim/base/disk_cache.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "sim/base/error.h"
#include "sim/model_cache.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before, was_set_ = true;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { was_set_ ? setenv(name_, before_.c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::string before_;
  bool was_set_ = false;
};

struct Home {
  fs::path path = fs::temp_directory_path() / ("vega_cache_test_" + std::to_string(getpid()));
  Variable home{"VEGA_HOME", path.string()};
  Home() { fs::remove_all(path), fs::create_directories(path); }
  ~Home() { fs::remove_all(path); }
  fs::path File(const CacheKey& key) const { return path / "cache" / key.name(); }
};

CacheKey Key(const std::string& text) {
  CacheKey key("test");
  key.Add(text);
  return key;
}

void Store(const CacheKey& key, const std::string& text) {
  const std::array parts = {std::as_bytes(std::span(text))};
  StoreCached(key, parts);
}

std::string Text(const std::shared_ptr<const CachedBytes>& cached) {
  if (cached == nullptr) return "(none)";
  return {reinterpret_cast<const char*>(cached->bytes().data()), cached->bytes().size()};
}

std::vector<std::byte> Saved(const mjModel& model) {
  std::vector<std::byte> bytes(mj_sizeModel(&model));
  mj_saveModel(&model, nullptr, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

TEST_CASE("What is cached comes back under its own key only", "[sim][cache]") {
  const Home home;
  CHECK(FindCached(Key("a")) == nullptr);
  Store(Key("a"), "the first");
  Store(Key("b"), "the second");
  CHECK(Text(FindCached(Key("a"))) == "the first");
  CHECK(Text(FindCached(Key("b"))) == "the second");
  CHECK(FindCached(Key("ab")) == nullptr);
  CHECK(InspectCache().files == 2);
  CHECK(ClearCache().files == 2);
  CHECK(FindCached(Key("a")) == nullptr);
}

TEST_CASE("A damaged or torn cache file is refused and makes room for a new one", "[sim][cache]") {
  const Home home;
  const std::string text(1000, 'x');
  for (const int at : {3, 20, 70, 1063}) {  // in its header, its checksum, its payload, its tail
    Store(Key("a"), text);
    std::fstream file(home.File(Key("a")), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put('!');
    file.close();
    CHECK(FindCached(Key("a")) == nullptr);
    CHECK_FALSE(fs::exists(home.File(Key("a"))));
  }
  Store(Key("a"), text);
  fs::resize_file(home.File(Key("a")), 500);
  CHECK(FindCached(Key("a")) == nullptr);
  Store(Key("a"), text);
  CHECK(Text(FindCached(Key("a"))) == text);
}

TEST_CASE("The cache keeps within its bound, dropping what was used longest ago", "[sim][cache]") {
  const Home home;
  const Variable bound("VEGA_CACHE_MB", "3");
  const std::string megabyte(1 << 20, 'x');
  Store(Key("a"), megabyte);
  Store(Key("b"), megabyte);
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(home.File(Key("a")), now - std::chrono::hours(2));
  fs::last_write_time(home.File(Key("b")), now - std::chrono::hours(1));
  CHECK(FindCached(Key("a")) != nullptr);  // and so is the younger of the two
  Store(Key("c"), megabyte);
  CHECK(FindCached(Key("a")) != nullptr);
  CHECK(FindCached(Key("b")) == nullptr);
  Store(Key("d"), std::string(4 << 20, 'x'));  // larger than the cache
  CHECK(FindCached(Key("d")) == nullptr);
  CHECK(InspectCache().bytes < 3 << 20);
  const Variable off("VEGA_CACHE_MB", "0");
  CHECK(FindCached(Key("a")) == nullptr);
}

TEST_CASE("Threads that store and find the same result see it whole or not at all",
          "[sim][cache]") {
  const Home home;
  const std::string text(200000, 'y');
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        Store(Key("a"), text);
        const auto found = FindCached(Key("a"));
        wrong += found == nullptr || Text(found) != text;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("A key follows what the model is made from", "[sim][cache]") {
  const Home home;
  const fs::path mesh = home.path / "part.obj";
  std::ofstream(mesh) << "v 0 0 0\n";
  const std::string mjcf = "<mujoco><asset><mesh file=\"" + mesh.string() + "\"/></asset></mujoco>";
  const std::string name = ModelKey(mjcf).name();
  CHECK(ModelKey(mjcf).name() == name);
  CHECK(ModelKey(mjcf + " ").name() != name);
  std::ofstream(mesh) << "v 0 0 1\n";
  CHECK(ModelKey(mjcf).name() != name);
  CHECK_THROWS_WITH(ModelKey("<mesh file=\"/nowhere.obj\"/>"), Catch::Contains("/nowhere.obj"));
}

TEST_CASE("A cached model is the compiled one bit for bit, and simulates", "[sim][cache]") {
  const Home home;
  const ModelPtr compiled = PandaModel();
  StoreModel(Key("panda"), *compiled);
  const ModelPtr cached = FindModel(Key("panda"));
  REQUIRE(cached != nullptr);
  CHECK(Saved(*cached) == Saved(*compiled));
  ClearCache();  // the mapping outlives its file
  Scene a(compiled), b(cached);
  for (int i = 0; i < 3; ++i)
    a.Step({0.3, 0, -0.2, 0, 0.1, 0, 1}), b.Step({0.3, 0, -0.2, 0, 0.1, 0, 1});
  CHECK(a.State() == b.State());
}

}  // namespace
}  // namespace vega
