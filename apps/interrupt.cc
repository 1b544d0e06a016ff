// A thread that waits for SIGINT and SIGTERM.

#include "apps/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdio>

namespace vega {

Interrupt::Interrupt(std::atomic<bool>& stop) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  watcher_ = std::thread([this, &stop] { Watch(stop); });
}

Interrupt::~Interrupt() {
  over_ = true;
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupt::Watch(std::atomic<bool>& stop) {
  const timespec wait = {0, 100'000'000};
  while (!over_) {
    if (sigtimedwait(&signals_, nullptr, &wait) < 0) continue;
    if (raised_) _exit(130);
    raised_ = true;
    stop = true;
    std::fputs("\nstopping; once more to quit at once\n", stderr);
  }
}

}  // namespace vega
