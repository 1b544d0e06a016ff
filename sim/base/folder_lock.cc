#include "sim/base/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/base/error.h"

namespace vega {

FolderLock::~FolderLock() {
  if (fd_ >= 0) close(fd_);
}

std::optional<FolderLock> FolderLock::Try(const std::filesystem::path& folder) {
  FolderLock lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.fd_ < 0) {
    throw Error(fmt::format("{}: {}", folder.string(), std::strerror(errno)),
                "choose another --out");
  }
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw Error(fmt::format("{} cannot be locked: {}", folder.string(), std::strerror(errno)),
              "choose another --out");
}

}  // namespace vega
