// An mjModel is one struct and one buffer that all its pointers point into.

#include "sim/model_cache.h"

#include <mujoco/mjxmacro.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <regex>
#include <set>
#include <vector>

namespace vega {
namespace {

// where the buffer begins within the payload
constexpr size_t kBufferAt = (sizeof(mjModel) + 63) / 64 * 64;

template <typename T>
void Move(T*& pointer, const void* from, const std::byte* to) {
  if (pointer == nullptr) return;
  const auto offset = reinterpret_cast<uintptr_t>(pointer) - reinterpret_cast<uintptr_t>(from);
  pointer = reinterpret_cast<T*>(const_cast<std::byte*>(to) + offset);
}

// lets all pointers of a copied struct point into `buffer`, which holds what the old one held
void MovePointers(mjModel& model, const std::byte* buffer) {
  const void* old = model.buffer;
#define X(type, name, rows, columns) Move(model.name, old, buffer);
  MJMODEL_POINTERS
#undef X
  model.buffer = const_cast<std::byte*>(buffer);
}

struct MappedModel {
  std::shared_ptr<const CachedBytes> file;
  mjModel model;
};

}  // namespace

CacheKey ModelKey(const std::string& mjcf) {
  CacheKey key("model");
  key.Add(std::string(mj_versionString()) + " " + std::to_string(sizeof(mjModel)));
  key.Add(mjcf);
  // in the order of first mention; the same file is named many times
  static const std::regex kFile("\\sfile=\"([^\"]*)\"");
  std::set<std::string> seen;
  for (std::sregex_iterator it(mjcf.begin(), mjcf.end(), kFile), end; it != end; ++it) {
    if (const std::string file = (*it)[1]; seen.insert(file).second) key.AddFile(file);
  }
  return key;
}

void StoreModel(const CacheKey& key, const mjModel& model) {
  std::vector<std::byte> head(kBufferAt);
  std::memcpy(head.data(), &model, sizeof model);
  const std::array parts = {std::span<const std::byte>(head),
                            std::span(static_cast<const std::byte*>(model.buffer), model.nbuffer)};
  StoreCached(key, parts);
}

ModelPtr FindModel(const CacheKey& key) {
  auto file = FindCached(key);
  if (file == nullptr || file->bytes().size() < kBufferAt) return nullptr;
  auto mapped = std::make_shared<MappedModel>();
  std::memcpy(&mapped->model, file->bytes().data(), sizeof(mjModel));
  if (file->bytes().size() != kBufferAt + mapped->model.nbuffer) return nullptr;
  MovePointers(mapped->model, file->bytes().data() + kBufferAt);
  mapped->file = std::move(file);
  return {mapped, &mapped->model};
}

}  // namespace vega
