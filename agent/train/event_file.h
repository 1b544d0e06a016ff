// TensorBoard event files: scalars and pictures over training steps.
//
// A file is a row of records: u64 length, u32 masked CRC-32C of it, the bytes of a tensorflow.Event
// protocol buffer, u32 masked CRC-32C of those; all little-endian. Field numbers are those of
// tensorflow/core/util/event.proto and framework/summary.proto, version brain.Event:2.

#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "sim/image.h"

namespace vega {

// CRC-32C (Castagnoli) of the bytes.
uint32_t Crc32c(std::string_view bytes);

class EventFile {
 public:
  // Begins a new file in `folder`, beside those of earlier runs. Throws Error.
  explicit EventFile(const std::filesystem::path& folder);

  void AddScalar(const std::string& tag, int64_t step, double value);
  void AddImage(const std::string& tag, int64_t step, const Image& image);
  // What was added is on disk afterwards. Throws Error when it is not.
  void Flush();
  const std::filesystem::path& file() const { return file_; }

 private:
  void AddSummary(int64_t step, const std::string& value);
  void Record(const std::string& event);

  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace vega
