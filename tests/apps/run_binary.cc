#include "tests/apps/run_binary.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace vega {
namespace {

int Code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

Output RunVega(const std::string& args, const std::string& before) {
  const ScratchFolder folder;
  const auto out = folder / "out", err = folder / "err";
  const std::string command = before + " exec " VEGA_BINARY " " + args + " >" + out.string() +
                              " 2>" + err.string() + " </dev/null";
  const int status = std::system(("bash -c '" + command + "'").c_str());
  return {Code(status), ReadText(out), ReadText(err)};
}

int StartVega(const std::string& args) {
  const std::string command = "exec " VEGA_BINARY " " + args + " >/dev/null 2>&1 </dev/null";
  const int pid = fork();
  if (pid == 0) {
    execl("/bin/bash", "bash", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  return pid;
}

int WaitFor(int pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return Code(status);
}

std::string ReadText(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "vega_apps_XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

ScratchFolder::~ScratchFolder() { std::filesystem::remove_all(path_); }

}  // namespace vega
