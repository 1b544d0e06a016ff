// Compiled models on disk: the arrays of an mjModel as they lie in memory, mapped when needed
// again.

#pragma once

#include "sim/base/disk_cache.h"
#include "sim/model.h"

namespace vega {

// The key of the model that `mjcf` compiles to: the text, the files it names, MuJoCo's version.
// Throws Error when a named file cannot be read.
CacheKey ModelKey(const std::string& mjcf);

void StoreModel(const CacheKey& key, const mjModel& model);
// Null when it is not there. The arrays are the file's, read-only.
ModelPtr FindModel(const CacheKey& key);

}  // namespace vega
