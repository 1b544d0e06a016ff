// The few protocol buffer fields that events need, and their records.

#include "agent/train/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <type_traits>

#include "sim/base/error.h"
#include "sim/png.h"

namespace vega {
namespace {

template <typename T>
std::string Bytes(T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

// wire types of protocol buffers
enum Wire { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

std::string Key(int field, Wire wire) { return Varint(static_cast<uint64_t>(field) << 3 | wire); }

std::string Number(int field, uint64_t value) { return Key(field, kVarint) + Varint(value); }
std::string Double(int field, double value) { return Key(field, kFixed64) + Bytes(value); }
std::string Float(int field, float value) { return Key(field, kFixed32) + Bytes(value); }
std::string Text(int field, std::string_view value) {
  return Key(field, kLengthDelimited) + Varint(value.size()) + std::string(value);
}

double Now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

uint32_t MaskedCrc(std::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static const auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
      table[i] = crc;
    }
    return table;
  }();
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

EventFile::EventFile(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const double now = Now();
  for (int i = 0;; ++i) {  // runs that begin in the same second get files of their own
    file_ = folder / fmt::format("events.out.tfevents.{:.0f}.vega.{}.{}", now, getpid(), i);
    if (!std::filesystem::exists(file_)) break;
  }
  out_.open(file_, std::ios::binary);
  Record(Double(1, now) + Text(3, "brain.Event:2"));
  Flush();
}

void EventFile::Record(const std::string& event) {
  const std::string length = Bytes(static_cast<uint64_t>(event.size()));
  out_ << length << Bytes(MaskedCrc(length)) << event << Bytes(MaskedCrc(event));
}

void EventFile::AddSummary(int64_t step, const std::string& value) {
  Record(Double(1, Now()) + Number(2, static_cast<uint64_t>(step)) + Text(5, Text(1, value)));
}

void EventFile::AddScalar(const std::string& tag, int64_t step, double value) {
  AddSummary(step, Text(1, tag) + Float(2, static_cast<float>(value)));
}

void EventFile::AddImage(const std::string& tag, int64_t step, const Image& image) {
  const auto png = EncodePng(image);
  const std::string encoded(reinterpret_cast<const char*>(png.data()), png.size());
  constexpr int kRgb = 3;  // channels
  AddSummary(step, Text(1, tag) + Text(4, Number(1, image.height) + Number(2, image.width) +
                                              Number(3, kRgb) + Text(4, encoded)));
}

void EventFile::Flush() {
  out_.flush();
  if (!out_) throw Error(fmt::format("cannot write {}", file_.string()), "free some disk");
}

}  // namespace vega
