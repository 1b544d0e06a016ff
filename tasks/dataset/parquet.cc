#include "tasks/dataset/parquet.h"

#include <dlfcn.h>

#include "sim/base/error.h"

namespace vega {
namespace {

ParquetModule OpenModule() {
  // loading twice gives the same handle
  void* module = dlopen(VEGA_PARQUET_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw Error(std::string("cannot load Arrow: ") + dlerror(), "run ./vega build");
  }
  const auto entry = reinterpret_cast<ParquetModule>(dlsym(module, kParquetModuleSymbol));
  if (entry == nullptr) throw Error(std::string(VEGA_PARQUET_MODULE) + " is not vega's module");
  return entry;
}

}  // namespace

void WriteParquet(const ParquetTable& table, const std::filesystem::path& file) {
  const std::string error = OpenModule()(table, file.string());
  if (error.empty()) return;
  throw Error(file.string() + ": cannot be written: " + error,
              "check the folder and its free space");
}

}  // namespace vega
