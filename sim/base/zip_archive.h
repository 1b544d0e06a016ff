// Members of a zip archive in memory, read strictly.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace vega {

class ZipArchive {
 public:
  // Reads the directory, zip64 included; `bytes` must outlive the archive. Encrypted and split
  // archives and two members of one name are refused. Throws Error naming `source` for anything
  // that is not a whole, sound directory.
  ZipArchive(std::span<const std::byte> bytes, const std::string& source);

  // The full name of the one member whose name is `name` or ends in "/" + `name`. Throws Error.
  const std::string& Find(std::string_view name) const;
  bool Has(const std::string& full_name) const { return entries_.contains(full_name); }
  // A member's content, stored or deflated. Sizes are checked against the archive before anything
  // is allocated, the CRC after. Throws Error.
  std::string Read(const std::string& full_name) const;
  // The bytes of a stored member, in place and without checking the CRC. Throws Error where it is
  // compressed.
  std::span<const std::byte> View(const std::string& full_name) const;
  const std::string& source() const { return source_; }

 private:
  struct Entry {
    uint16_t flags;
    uint16_t method;  // 0 stored, 8 deflated
    uint32_t crc;
    uint64_t packed;    // bytes
    uint64_t unpacked;  // bytes
    uint64_t offset;    // of the local header
  };
  struct Directory {
    uint64_t begin, count;
  };

  Directory FindDirectory() const;
  void ReadEntry(uint64_t& at);  // moves `at` past the entry
  void ReadZip64(uint64_t at, uint64_t size, Entry& entry) const;
  const Entry& At(const std::string& full_name) const;
  std::string_view Packed(const Entry& entry) const;
  std::string Inflate(std::string_view packed, uint64_t size) const;

  std::string_view Text(uint64_t at, uint64_t size) const;
  uint64_t Number(uint64_t at, int size) const;  // little-endian
  [[noreturn]] void Fail(const std::string& what) const;

  std::span<const std::byte> bytes_;
  std::string source_;
  std::map<std::string, Entry> entries_;
};

// The content of the one member whose name is `name` or ends in "/" + `name`. Throws Error.
std::string ReadZipMember(std::span<const std::byte> archive, std::string_view name,
                          const std::string& source);

}  // namespace vega
