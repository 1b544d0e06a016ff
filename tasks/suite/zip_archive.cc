// Reads the end record, walks the central directory, then takes one member (PKWARE APPNOTE 4.3).

#include "tasks/suite/zip_archive.h"

#include <zlib.h>

#include <cstdint>
#include <optional>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEntrySignature = 0x02014b50;
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr size_t kEndSize = 22;
constexpr size_t kEntrySize = 46;
constexpr size_t kLocalSize = 30;
constexpr size_t kMaxComment = 65535;
constexpr size_t kMaxInflation = 1032;  // deflate's largest ratio

struct Entry {
  std::string_view name;
  uint16_t flags;
  uint16_t method;  // 0 stored, 8 deflated
  uint32_t crc;
  uint32_t packed;    // bytes
  uint32_t unpacked;  // bytes
  uint32_t offset;    // of the local header
};

class Archive {
 public:
  Archive(std::span<const std::byte> bytes, const std::string& source)
      : bytes_(bytes), source_(source) {}

  std::string Read(std::string_view wanted) const {
    const size_t end = FindEnd();
    if (U16(end + 4) != 0 || U16(end + 6) != 0) Fail("is a split zip archive");
    const uint16_t count = U16(end + 10);
    size_t at = U32(end + 16);
    std::optional<Entry> found;
    for (uint16_t i = 0; i < count; ++i) {
      const Entry entry = ReadEntry(at);
      if (entry.name == wanted || entry.name.ends_with("/" + std::string(wanted))) {
        if (found) Fail("holds two members named " + std::string(wanted));
        found = entry;
      }
    }
    if (!found) Fail("has no member " + std::string(wanted));
    return Unpack(*found);
  }

 private:
  size_t FindEnd() const {
    if (bytes_.size() < kEndSize) Fail("is too short for a zip archive");
    const size_t last = bytes_.size() - kEndSize;
    for (size_t back = 0; back <= kMaxComment && back <= last; ++back) {
      if (U32(last - back) == kEndSignature && U16(last - back + 20) == back) return last - back;
    }
    Fail("is no zip archive, or is cut off");
  }

  // moves `at` past the entry
  Entry ReadEntry(size_t& at) const {
    Need(at, kEntrySize);
    if (U32(at) != kEntrySignature) Fail("has a damaged directory");
    const size_t name_size = U16(at + 28);
    const Entry entry = {Text(at + kEntrySize, name_size),
                         U16(at + 8),
                         U16(at + 10),
                         U32(at + 16),
                         U32(at + 20),
                         U32(at + 24),
                         U32(at + 42)};
    at += kEntrySize + name_size + U16(at + 30) + U16(at + 32);
    return entry;
  }

  std::string Unpack(const Entry& entry) const {
    Need(entry.offset, kLocalSize);
    if (U32(entry.offset) != kLocalSignature) Fail("has a damaged member header");
    if (entry.flags & 1) Fail("is encrypted");
    const size_t begin =
        size_t{entry.offset} + kLocalSize + U16(entry.offset + 26) + U16(entry.offset + 28);
    const std::string_view packed = Text(begin, entry.packed);
    std::string content;
    if (entry.method == 0) {
      if (entry.packed != entry.unpacked) Fail("has a stored member of two sizes");
      content = packed;
    } else if (entry.method == 8) {
      content = Inflate(packed, entry.unpacked);
    } else {
      Fail("uses a compression other than deflate");
    }
    const auto* data = reinterpret_cast<const Bytef*>(content.data());
    if (crc32(0, data, static_cast<uInt>(content.size())) != entry.crc) Fail("fails its checksum");
    return content;
  }

  std::string Inflate(std::string_view packed, size_t size) const {
    if (size > packed.size() * kMaxInflation) Fail("claims an impossible size");
    std::string content(size, '\0');
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) Fail("cannot be inflated");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(content.data());
    stream.avail_out = static_cast<uInt>(size);
    const int status = inflate(&stream, Z_FINISH);
    const bool whole = status == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    if (!whole) Fail("has a damaged compressed member");
    return content;
  }

  std::string_view Text(size_t at, size_t size) const {
    Need(at, size);
    return {reinterpret_cast<const char*>(bytes_.data()) + at, size};
  }
  uint16_t U16(size_t at) const {
    Need(at, 2);
    return static_cast<uint16_t>(Byte(at) | Byte(at + 1) << 8);
  }
  uint32_t U32(size_t at) const {
    Need(at, 4);
    return Byte(at) | Byte(at + 1) << 8 | Byte(at + 2) << 16 | Byte(at + 3) << 24;
  }
  uint32_t Byte(size_t at) const { return std::to_integer<uint32_t>(bytes_[at]); }
  void Need(size_t at, size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) Fail("points outside itself");
  }
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(source_ + " " + what, "fetch the file again");
  }

  std::span<const std::byte> bytes_;
  const std::string& source_;
};

}  // namespace

std::string ReadZipMember(std::span<const std::byte> archive, std::string_view name,
                          const std::string& source) {
  return Archive(archive, source).Read(name);
}

}  // namespace vega
