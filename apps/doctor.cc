// vega doctor: looks at the machine, prints a table or JSON.

#include "apps/doctor.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <mujoco/mujoco.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "apps/gl_probe.h"
#include "apps/modes.h"
#include "apps/version.h"
#include "policies/torch_module.h"
#include "sim/base/disk_cache.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Status = Finding::Status;

constexpr double kMegabyte = 1e6;
// a suite's videos and records fit into this
constexpr uintmax_t kEnoughDisk = 2'000'000'000;

const char* Name(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kWarning:
      return "warning";
    case Status::kProblem:
      return "problem";
  }
  return "";
}

// bytes of every file under `path`, 0 when it cannot be read
uintmax_t Size(const fs::path& path) {
  uintmax_t bytes = 0;
  std::error_code ignored;
  for (fs::recursive_directory_iterator it(path, ignored), end; it != end; it.increment(ignored)) {
    if (it->is_regular_file(ignored)) bytes += it->file_size(ignored);
  }
  return bytes;
}

void ExamineVersions(std::vector<Finding>& out) {
  out.push_back({"vega", Status::kOk, GitCommit(), ""});
  Finding mujoco{"mujoco", Status::kOk, mj_versionString(), ""};
  if (mj_version() != mjVERSION_HEADER) {
    mujoco.status = Status::kProblem;
    mujoco.found =
        fmt::format("{} is loaded, {} was compiled against", mj_version(), mjVERSION_HEADER);
    mujoco.hint = "unset LD_LIBRARY_PATH, or rm -r build and run ./vega";
  }
  out.push_back(mujoco);
  if (!HasTorchModule()) {
    out.push_back({"torch", Status::kWarning, "this build has none",
                   "policies with a network need -DVEGA_WITH_TORCH=ON"});
    return;
  }
  try {
    out.push_back({"torch", Status::kOk, OpenTorchModule().torch_version, ""});
  } catch (const Error& error) {
    out.push_back({"torch", Status::kProblem, error.what(), ""});
  }
}

void ExamineRenderer(std::vector<Finding>& out) {
  const std::vector<GlWay> ways = ProbeGl();
  const GlWay* best = nullptr;
  for (const GlWay& way : ways) {
    const bool works = way.error.empty();
    if (works && (best == nullptr || (best->software && !way.software))) best = &way;
    out.push_back({"gl", Status::kOk,
                   works ? fmt::format("{}: {}, OpenGL {}", way.platform, way.renderer, way.version)
                         : fmt::format("{}: {}", way.platform, way.error),
                   ""});
  }
  if (best == nullptr) {
    out.push_back({"renderer", Status::kProblem, "no way to draw without a window",
                   "install libegl1 and libgl1-mesa-dri, or the EGL part of the GPU's driver"});
  } else if (best->software) {
    out.push_back({"renderer", Status::kWarning,
                   fmt::format("SOFTWARE RENDERER: {}; the processor draws, pictures are slow",
                               best->renderer),
                   "with a GPU, install its driver with EGL; in a container, pass the GPU and set "
                   "NVIDIA_DRIVER_CAPABILITIES=all"});
  } else {
    out.push_back({"renderer", Status::kOk, best->renderer, ""});
  }
}

// names the GPUs the driver shows; empty where there is no driver
std::vector<std::string> GpuNames() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return {};
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto count = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDeviceGetCount"));
  const auto name = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  std::vector<std::string> names;
  int devices = 0;
  if (init && count && name && init(0) == 0 && count(&devices) == 0) {
    for (int i = 0; i < devices; ++i) {
      std::array<char, 128> text{};
      if (name(text.data(), text.size(), i) == 0) names.emplace_back(text.data());
    }
  }
  dlclose(driver);
  return names;
}

void ExamineGpu(std::vector<Finding>& out) {
  const std::vector<std::string> names = GpuNames();
  if (names.empty()) {
    out.push_back({"gpu", Status::kOk, "none: networks run on the processor", ""});
    return;
  }
  out.push_back({"gpu", Status::kOk, fmt::format("{}x {}", names.size(), names[0]), ""});
  const fs::path library = VegaHome() / "deps/torch-2.11.0/torch/lib/libtorch_cuda.so";
  if (dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr) {
    out.push_back({"cuda", Status::kOk, "LibTorch's CUDA half loads", ""});
  } else {
    out.push_back({"cuda", Status::kWarning, dlerror(),
                   "run VEGA_CUDA=1 ./vega doctor, which fetches the CUDA libraries"});
  }
}

void ExamineData(std::vector<Finding>& out) {
  struct Folder {
    const char* name;
    fs::path path;
    const char* holds;  // a file or folder that must be there
  };
  const DataPaths data = Data();
  const Folder folders[] = {
      {"data.libero", data.libero, "bddl_files/libero_spatial"},
      {"data.init_states", data.libero / "init_files", "libero_spatial"},
      {"data.assets", data.assets, "scenes"},
      {"data.robosuite", data.robosuite, "robots/panda/robot.xml"},
      {"data.minilm", data.minilm, "model.safetensors"},
  };
  for (const Folder& folder : folders) {
    std::error_code ignored;
    if (fs::exists(folder.path / folder.holds, ignored)) {
      out.push_back(
          {folder.name, Status::kOk,
           fmt::format("{} ({:.0f} MB)", folder.path.string(), Size(folder.path) / kMegabyte), ""});
    } else {
      out.push_back({folder.name, Status::kProblem,
                     fmt::format("{} is missing", (folder.path / folder.holds).string()),
                     fmt::format("rm -r {} and run ./vega, which fetches it",
                                 (VegaHome() / "data").string())});
    }
  }
}

void ExamineDisk(std::vector<Finding>& out) {
  out.push_back(
      {"processor", Status::kOk, fmt::format("{} cores", std::thread::hardware_concurrency()), ""});
  const std::pair<const char*, fs::path> places[] = {{"disk.home", VegaHome()},
                                                     {"disk.here", fs::current_path()}};
  for (const auto& [name, path] : places) {
    std::error_code failed;
    const fs::space_info space = fs::space(path, failed);
    if (failed) {
      out.push_back({name, Status::kProblem, fmt::format("{}: {}", path.string(), failed.message()),
                     "set VEGA_HOME to a folder that exists"});
      continue;
    }
    const bool enough = space.available >= kEnoughDisk;
    out.push_back({name, enough ? Status::kOk : Status::kWarning,
                   fmt::format("{}: {:.1f} GB free", path.string(), space.available / 1e9),
                   enough ? "" : "free some disk: videos and records may not fit"});
  }
}

void ExamineCache(std::vector<Finding>& out) {
  const CacheUse use = InspectCache();
  out.push_back(
      {"cache", Status::kOk,
       use.bound == 0
           ? "off: VEGA_CACHE_MB is 0"
           : fmt::format("{}: {} files, {:.0f} of at most {:.0f} MB; --clear-cache empties it",
                         use.folder.string(), use.files, use.bytes / kMegabyte,
                         use.bound / kMegabyte),
       ""});
}

nlohmann::json ToJson(const std::vector<Finding>& findings, bool ok) {
  nlohmann::json checks = nlohmann::json::array();
  for (const Finding& finding : findings) {
    checks.push_back({{"name", finding.name},
                      {"status", Name(finding.status)},
                      {"found", finding.found},
                      {"hint", finding.hint}});
  }
  return {{"ok", ok}, {"checks", checks}};
}

}  // namespace

std::vector<Finding> Examine() {
  std::vector<Finding> findings;
  ExamineVersions(findings);
  ExamineRenderer(findings);
  ExamineGpu(findings);
  ExamineData(findings);
  ExamineDisk(findings);
  ExamineCache(findings);
  return findings;
}

int RunDoctor(const DoctorOptions& options) {
  const std::vector<Finding> findings = Examine();
  int problems = 0;
  int warnings = 0;
  for (const Finding& finding : findings) {
    problems += finding.status == Status::kProblem;
    warnings += finding.status == Status::kWarning;
  }
  if (options.json) {
    fmt::print("{}\n", ToJson(findings, problems == 0).dump(2));
    return problems == 0 ? 0 : 1;
  }
  for (const Finding& finding : findings) {
    fmt::print("{:<8} {:<17} {}\n", Name(finding.status), finding.name, finding.found);
    if (!finding.hint.empty()) fmt::print("{:<26} -> {}\n", "", finding.hint);
  }
  fmt::print("{} problems, {} warnings\n", problems, warnings);
  return problems == 0 ? 0 : 1;
}

std::function<int()> AddDoctor(CLI::App& mode) {
  auto options = std::make_shared<DoctorOptions>();
  mode.add_flag("--json", options->json, "Print one JSON object");
  auto clear = std::make_shared<bool>(false);
  mode.add_flag("--clear-cache", *clear, "Remove compiled models and meshes; they are made again");
  return [options, clear] {
    if (!*clear) return RunDoctor(*options);
    const CacheUse use = ClearCache();
    fmt::print("{}: removed {} files, {:.0f} MB\n", use.folder.string(), use.files,
               use.bytes / kMegabyte);
    return 0;
  };
}

}  // namespace vega
