// Scripts: motions written as straight code that is suspended at every control step.
//
//   Script Wave(Arm& arm) {
//     co_await arm.Play(left);                    one control step passes
//     if (!co_await Nod(arm)) co_return false;    a script within a script
//     co_return true;
//   }
//
//   ScriptRunner runner(channel, Wave(arm));
//   while (runner.Advance()) Step(channel.action);
//
// A skill of the expert is such a coroutine: its state machine is its own position in the code.

#pragma once

#include <coroutine>
#include <exception>
#include <utility>

#include "sim/observation.h"

namespace vega {

// Between the innermost script and whoever plays its actions.
struct ScriptChannel {
  Action action = kNoOp;           // to be played next
  std::coroutine_handle<> resume;  // the script that waits for it
};

// What a script awaits to play one action.
struct PlayAction {
  ScriptChannel* channel;
  Action action;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> script) const {
    channel->action = action;
    channel->resume = script;
  }
  void await_resume() const {}
};

// A script that answers whether it reached what it was for. Starts when awaited; what it throws
// leaves through the one who awaits it. Owns its frame, so dropping the outermost drops them all.
class [[nodiscard]] Script {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  struct promise_type {
    std::coroutine_handle<> caller = std::noop_coroutine();
    std::exception_ptr failure;
    bool value = false;

    Script get_return_object() { return Script(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct BackToCaller {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(Handle script) noexcept {
          return script.promise().caller;
        }
        void await_resume() noexcept {}
      };
      return BackToCaller{};
    }
    void return_value(bool result) { value = result; }
    void unhandled_exception() { failure = std::current_exception(); }
  };

  Script(Script&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Script& operator=(Script&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Script() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
    handle_.promise().caller = caller;
    return handle_;
  }
  bool await_resume() { return Result(); }

  std::coroutine_handle<> handle() const { return handle_; }
  bool done() const { return handle_.done(); }
  // Of a script that is done. Throws what it threw.
  bool Result() const {
    if (handle_.promise().failure) std::rethrow_exception(handle_.promise().failure);
    return handle_.promise().value;
  }

 private:
  explicit Script(Handle handle) : handle_(handle) {}
  Handle handle_;
};

// Runs an outermost script.
class ScriptRunner {
 public:
  ScriptRunner(ScriptChannel& channel, Script script)
      : channel_(channel), script_(std::move(script)) {
    channel_.resume = script_.handle();
  }

  // On to the next action, now in the channel. False when the script is done. Throws what it threw.
  bool Advance() {
    if (script_.done()) return false;
    channel_.resume.resume();
    if (!script_.done()) return true;
    script_.Result();
    return false;
  }

 private:
  ScriptChannel& channel_;
  Script script_;
};

}  // namespace vega
