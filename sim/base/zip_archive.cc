// Reads the end record and the central directory, then members (PKWARE APPNOTE 4.3, 4.5.3).

#include "sim/base/zip_archive.h"

#include <zlib.h>

#include <limits>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64LocatorSignature = 0x07064b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kEntrySignature = 0x02014b50;
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint64_t kEndSize = 22;
constexpr uint64_t kEnd64LocatorSize = 20;
constexpr uint64_t kEntrySize = 46;
constexpr uint64_t kLocalSize = 30;
constexpr uint64_t kMaxComment = 65535;
constexpr uint64_t kMaxInflation = 1032;  // deflate's largest ratio
constexpr uint16_t kZip64Field = 1;
constexpr uint64_t k16 = 0xffff, k32 = 0xffffffff;  // stand for "see the zip64 record"

}  // namespace

ZipArchive::ZipArchive(std::span<const std::byte> bytes, const std::string& source)
    : bytes_(bytes), source_(source) {
  const Directory directory = FindDirectory();
  uint64_t at = directory.begin;
  for (uint64_t i = 0; i < directory.count; ++i) ReadEntry(at);
}

ZipArchive::Directory ZipArchive::FindDirectory() const {
  if (bytes_.size() < kEndSize) Fail("is too short for a zip archive");
  const uint64_t last = bytes_.size() - kEndSize;
  for (uint64_t back = 0; back <= kMaxComment && back <= last; ++back) {
    const uint64_t end = last - back;
    if (Number(end, 4) != kEndSignature || Number(end + 20, 2) != back) continue;
    if (Number(end + 4, 2) != 0 || Number(end + 6, 2) != 0) Fail("is a split zip archive");
    const Directory directory = {Number(end + 16, 4), Number(end + 10, 2)};
    if (directory.begin != k32 && directory.count != k16) return directory;
    if (end < kEnd64LocatorSize || Number(end - kEnd64LocatorSize, 4) != kEnd64LocatorSignature) {
      return directory;
    }
    const uint64_t end64 = Number(end - kEnd64LocatorSize + 8, 8);
    if (Number(end64, 4) != kEnd64Signature) Fail("has a damaged zip64 record");
    return {Number(end64 + 48, 8), Number(end64 + 32, 8)};
  }
  Fail("is no zip archive, or is cut off");
}

void ZipArchive::ReadEntry(uint64_t& at) {
  if (Number(at, 4) != kEntrySignature) Fail("has a damaged directory");
  const uint64_t name_size = Number(at + 28, 2), extra_size = Number(at + 30, 2);
  const std::string name(Text(at + kEntrySize, name_size));
  Entry entry = {static_cast<uint16_t>(Number(at + 8, 2)),
                 static_cast<uint16_t>(Number(at + 10, 2)),
                 static_cast<uint32_t>(Number(at + 16, 4)),
                 Number(at + 20, 4),
                 Number(at + 24, 4),
                 Number(at + 42, 4)};
  ReadZip64(at + kEntrySize + name_size, extra_size, entry);
  at += kEntrySize + name_size + extra_size + Number(at + 32, 2);
  if (!entries_.emplace(name, entry).second) Fail("holds two members named " + name);
}

void ZipArchive::ReadZip64(uint64_t at, uint64_t size, Entry& entry) const {
  const uint64_t end = at + size;
  while (at + 4 <= end) {
    const uint64_t id = Number(at, 2), length = Number(at + 2, 2);
    at += 4;
    if (length > end - at) Fail("has a damaged directory");
    if (id == kZip64Field) {
      // only the numbers that did not fit are there, in this order
      uint64_t field = at;
      for (uint64_t* number : {&entry.unpacked, &entry.packed, &entry.offset}) {
        if (*number != k32) continue;
        if (field + 8 > at + length) Fail("has a damaged directory");
        *number = Number(field, 8);
        field += 8;
      }
    }
    at += length;
  }
}

const std::string& ZipArchive::Find(std::string_view name) const {
  const std::string suffix = "/" + std::string(name);
  const std::string* found = nullptr;
  for (const auto& [full, entry] : entries_) {
    if (full != name && !full.ends_with(suffix)) continue;
    if (found != nullptr) Fail("holds two members named " + std::string(name));
    found = &full;
  }
  if (found == nullptr) Fail("has no member " + std::string(name));
  return *found;
}

const ZipArchive::Entry& ZipArchive::At(const std::string& full_name) const {
  const auto found = entries_.find(full_name);
  if (found == entries_.end()) Fail("has no member " + full_name);
  return found->second;
}

std::string_view ZipArchive::Packed(const Entry& entry) const {
  if (Number(entry.offset, 4) != kLocalSignature) Fail("has a damaged member header");
  if (entry.flags & 1) Fail("is encrypted");
  const uint64_t names = Number(entry.offset + 26, 2) + Number(entry.offset + 28, 2);
  const std::string_view packed = Text(entry.offset + kLocalSize + names, entry.packed);
  if (entry.method == 0 && entry.packed != entry.unpacked) Fail("has a stored member of two sizes");
  return packed;
}

std::string ZipArchive::Read(const std::string& full_name) const {
  const Entry& entry = At(full_name);
  const std::string_view packed = Packed(entry);
  if (entry.method != 0 && entry.method != 8) Fail("uses a compression other than deflate");
  std::string content = entry.method == 0 ? std::string(packed) : Inflate(packed, entry.unpacked);
  const auto* data = reinterpret_cast<const Bytef*>(content.data());
  if (crc32_z(0, data, content.size()) != entry.crc) Fail("fails its checksum");
  return content;
}

std::span<const std::byte> ZipArchive::View(const std::string& full_name) const {
  const Entry& entry = At(full_name);
  const std::string_view packed = Packed(entry);
  if (entry.method != 0) Fail("compresses its member " + full_name);
  return std::as_bytes(std::span(packed));
}

std::string ZipArchive::Inflate(std::string_view packed, uint64_t size) const {
  if (size > packed.size() * kMaxInflation || size > std::numeric_limits<uInt>::max() ||
      packed.size() > std::numeric_limits<uInt>::max()) {
    Fail("claims an impossible size");
  }
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

std::string_view ZipArchive::Text(uint64_t at, uint64_t size) const {
  if (at > bytes_.size() || size > bytes_.size() - at) Fail("points outside itself");
  return {reinterpret_cast<const char*>(bytes_.data()) + at, size};
}

uint64_t ZipArchive::Number(uint64_t at, int size) const {
  const std::string_view text = Text(at, size);
  uint64_t number = 0;
  for (int i = 0; i < size; ++i) {
    number |= uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  }
  return number;
}

void ZipArchive::Fail(const std::string& what) const {
  throw Error(source_ + " " + what, "fetch the file again");
}

std::string ReadZipMember(std::span<const std::byte> archive, std::string_view name,
                          const std::string& source) {
  const ZipArchive zip(archive, source);
  return zip.Read(zip.Find(name));
}

}  // namespace vega
