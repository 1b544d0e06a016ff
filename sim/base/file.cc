#include "sim/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim/base/error.h"

namespace vega {
namespace {

// what to try after a failed write
const char* WriteHint(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "free some disk space or choose another folder";
    case ENOENT:
    case ENOTDIR:
      return "make the folder first";
    default:
      return "choose a folder you can write to";
  }
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info = {};
  if (fd < 0 || fstat(fd, &info) != 0) {
    const int error = errno;
    if (fd >= 0) close(fd);
    throw Error(file.string() + ": " + std::strerror(error), "check the path");
  }
  if (!S_ISREG(info.st_mode)) {
    close(fd);
    throw Error(file.string() + ": not a regular file", "check the path");
  }
  size_ = static_cast<size_t>(info.st_size);
  if (size_ > 0) {
    void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED) {
      const int error = errno;
      close(fd);
      throw Error(file.string() + ": cannot be mapped: " + std::strerror(error));
    }
    data_ = static_cast<const std::byte*>(mapped);
  }
  close(fd);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

AtomicFile::AtomicFile(const std::filesystem::path& file)
    : file_(file), temporary_(file.string() + ".XXXXXX") {
  fd_ = mkostemp(temporary_.data(), O_CLOEXEC);
  if (fd_ < 0) Fail("cannot be created");
  fchmod(fd_, 0644);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(temporary_.c_str());
}

void AtomicFile::Write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail("cannot be written");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void AtomicFile::Commit(bool flush) {
  if (flush && fsync(fd_) != 0) Fail("cannot be flushed");
  if (rename(temporary_.c_str(), file_.c_str()) != 0) Fail("cannot be put in place");
  close(fd_);
  fd_ = -1;
}

void AtomicFile::Fail(const char* what) const {
  const int error = errno;
  throw Error(file_.string() + ": " + what + ": " + std::strerror(error), WriteHint(error));
}

}  // namespace vega
