// Ctrl-C as a flag that workers look at, instead of a sudden end.

#pragma once

#include <atomic>
#include <csignal>
#include <thread>

namespace vega {

// Exit code of what a signal stopped.
inline constexpr int kInterrupted = 130;

// While it lives, SIGINT and SIGTERM set `stop`; a second one ends the process at once with
// kInterrupted. Construct it before any other thread starts, since threads inherit the blocked signals.
class Interrupt {
 public:
  explicit Interrupt(std::atomic<bool>& stop);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool raised() const { return raised_; }

 private:
  void Watch(std::atomic<bool>& stop);

  sigset_t signals_, before_;
  std::atomic<bool> raised_ = false;
  std::atomic<bool> over_ = false;
  std::thread watcher_;
};

}  // namespace vega
