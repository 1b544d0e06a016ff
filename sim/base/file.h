// Files read whole by mapping and written whole or not at all.

#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace vega {

// A file mapped read-only. Throws Error when it cannot be opened.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// A file that appears under its name only when Commit has flushed it to disk; without Commit
// nothing is left behind. Every failure (no such folder, disk full) throws Error naming the file.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& file);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void Write(std::span<const std::byte> bytes);
  void Write(std::string_view text) { Write(std::as_bytes(std::span(text))); }
  // Without `flush` a power cut may leave a torn file; a kill never does.
  void Commit(bool flush = true);

 private:
  [[noreturn]] void Fail(const char* what) const;

  std::filesystem::path file_;
  std::string temporary_;
  int fd_ = -1;
};

}  // namespace vega
