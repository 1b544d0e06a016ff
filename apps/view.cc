// vega view: the window.

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "apps/modes.h"
#include "apps/policies.h"
#include "viewer/viewer.h"

namespace vega {

std::function<int()> AddView(CLI::App& mode) {
  struct Flags {
    ViewerOptions viewer;
    std::string policy = "hold";
    PolicyOptions options;
  };
  auto flags = std::make_shared<Flags>();
  mode.add_option("--suite", flags->viewer.suite, "suite (see vega suites)");
  mode.add_option("--task", flags->viewer.task, "task index or name");
  mode.add_option("--init", flags->viewer.init, "initial state")->check(CLI::NonNegativeNumber);
  mode.add_option("--policy", flags->policy, "policy name or checkpoint folder");
  mode.add_option("--device", flags->options.device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  mode.add_option("--seed", flags->viewer.seed, "seed of resets and policy");
  mode.add_option("--width", flags->viewer.width, "window width")->check(CLI::Range(320, 8192));
  mode.add_option("--height", flags->viewer.height, "window height")->check(CLI::Range(240, 8192));
  mode.add_option("--screenshot", flags->viewer.screenshot, "write this PNG and end");
  mode.add_option("--frames", flags->viewer.frames, "frames drawn before the screenshot")
      ->check(CLI::PositiveNumber);
  return [flags] {
    const PolicySource source = OpenAnyPolicy(flags->policy, flags->options);
    RunViewer(flags->viewer, source.make);
    return 0;
  };
}

}  // namespace vega
