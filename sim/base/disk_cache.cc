// Checked files in one folder, trimmed to a bound.

#include "sim/base/disk_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/hash.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kDefaultMegabytes = 8192;
constexpr uint64_t kSpareBytes = uint64_t{1} << 30;  // of disk, left to others
constexpr auto kAbandoned = std::chrono::hours(1);   // age of a temporary file nobody will finish

// what a file begins with
struct Header {
  std::array<char, 16> magic = {'v', 'e', 'g', 'a', ' ', 'c', 'a', 'c', 'h', 'e', ' ', '1'};
  uint64_t size = 0;      // bytes of the payload
  uint64_t checksum = 0;  // of the payload
  std::array<uint64_t, 4> unused = {};
};
static_assert(sizeof(Header) == 64);

fs::path Folder() { return VegaHome() / "cache"; }

uint64_t Bound() {
  const char* text = std::getenv("VEGA_CACHE_MB");
  const uint64_t megabytes = text && *text ? std::strtoull(text, nullptr, 10) : kDefaultMegabytes;
  return megabytes << 20;
}

struct Entry {
  fs::path path;
  uint64_t size = 0;
  fs::file_time_type used;
  bool temporary = false;
};

std::vector<Entry> Entries() {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(Folder(), error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    Entry entry{it->path(), it->file_size(gone), it->last_write_time(gone), false};
    // names are HASH.KIND; AtomicFile adds a suffix to those it has not finished
    entry.temporary = entry.path.stem().has_extension();
    if (!gone) entries.push_back(std::move(entry));
  }
  return entries;
}

// makes room for `incoming` bytes
void Trim(uint64_t incoming) {
  std::vector<Entry> entries = Entries();
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.used < b.used; });
  uint64_t total = incoming;
  for (const Entry& entry : entries) total += entry.size;
  for (const Entry& entry : entries) {
    const bool old = fs::file_time_type::clock::now() - entry.used > kAbandoned;
    if (entry.temporary ? !old : total <= Bound()) continue;
    std::error_code gone;
    fs::remove(entry.path, gone);
    total -= entry.size;
  }
}

}  // namespace

void CacheKey::Add(std::span<const std::byte> bytes) {
  const uint64_t hash = FastHash64(bytes, low_);
  low_ = FastHash64(bytes, high_ ^ hash);
  high_ = hash;
}

void CacheKey::AddFile(const fs::path& file) { Add(MappedFile(file).bytes()); }

std::string CacheKey::name() const { return fmt::format("{:016x}{:016x}.{}", high_, low_, kind_); }

CachedBytes::CachedBytes(const fs::path& file) : file_(file) {
  const std::span<const std::byte> all = file_.bytes();
  Header header;
  if (all.size() <= sizeof header) return;
  std::memcpy(&header, all.data(), sizeof header);
  const std::span<const std::byte> payload = all.subspan(sizeof header);
  if (header.magic == Header().magic && header.size == payload.size() &&
      header.checksum == FastHash64(payload)) {
    bytes_ = payload;
  }
}

std::shared_ptr<const CachedBytes> FindCached(const CacheKey& key) {
  const fs::path file = Folder() / key.name();
  std::error_code error;
  if (Bound() == 0 || !fs::exists(file, error)) return nullptr;
  try {
    auto cached = std::make_shared<const CachedBytes>(file);
    if (cached->sound()) {
      fs::last_write_time(file, fs::file_time_type::clock::now(), error);
      return cached;
    }
  } catch (const Error&) {
    return nullptr;  // removed by another process, or not readable
  }
  fmt::print(stderr, "vega: {} is damaged and is computed again\n", file.string());
  fs::remove(file, error);
  return nullptr;
}

void StoreCached(const CacheKey& key, std::span<const std::span<const std::byte>> parts) {
  Header header;
  for (const auto part : parts) header.size += part.size();
  std::vector<std::byte> whole;  // one block, as the checksum sees it
  whole.reserve(header.size);
  for (const auto part : parts) whole.insert(whole.end(), part.begin(), part.end());
  header.checksum = FastHash64(whole);
  const uint64_t size = header.size + sizeof header;
  std::error_code error;
  fs::create_directories(Folder(), error);
  const fs::space_info space = fs::space(Folder(), error);
  if (error || size > Bound() || space.available < size + kSpareBytes) return;
  Trim(size);
  try {
    AtomicFile file(Folder() / key.name());
    file.Write(std::as_bytes(std::span(&header, 1)));
    file.Write(whole);
    file.Commit(/*flush=*/false);  // a torn file fails its checksum
  } catch (const Error&) {
    // the result is at hand; the next process computes it again
  }
}

CacheUse InspectCache() {
  CacheUse use{.folder = Folder(), .bound = Bound()};
  for (const Entry& entry : Entries()) {
    ++use.files;
    use.bytes += entry.size;
  }
  return use;
}

CacheUse ClearCache() {
  const CacheUse use = InspectCache();
  for (const Entry& entry : Entries()) {
    std::error_code gone;
    fs::remove(entry.path, gone);
  }
  return use;
}

}  // namespace vega
