// Which of several processes may write a folder.

#pragma once

#include <filesystem>
#include <optional>
#include <utility>

namespace vega {

// Holds a folder against other processes while it lives; ends with the process, however that ends.
// An flock(2) of the folder itself, so nothing is left in it.
class FolderLock {
 public:
  // Nothing when another process holds it. Throws Error when the folder cannot be opened.
  static std::optional<FolderLock> Try(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace vega
