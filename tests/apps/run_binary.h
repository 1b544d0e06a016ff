// The vega binary as its users meet it: command line in, exit code and text out.

#pragma once

#include <filesystem>
#include <string>

namespace vega {

struct Output {
  int code = -1;    // exit code; 128 + signal when a signal ended it
  std::string out;  // stdout
  std::string err;  // stderr
};

// Runs "vega ARGS" through the shell; `before` is put in front of it, e.g. "ulimit -f 4;".
Output RunVega(const std::string& args, const std::string& before = "");

// Starts "vega ARGS" in the background with its output thrown away; returns its process id.
int StartVega(const std::string& args);
// Waits for it; as Output::code.
int WaitFor(int pid);

std::string ReadText(const std::filesystem::path& file);

// A new folder, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace vega
