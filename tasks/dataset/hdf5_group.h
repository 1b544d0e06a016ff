// HDF5 objects as values: a group of an open file, its attributes and data sets. The only place
// that calls the HDF5 library, whose own lock makes it safe to use from several threads.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vega {

// Element types of a stored array.
enum class Hdf5Type { kU8, kI32, kI64, kF32, kF64, kOther };

struct Hdf5Array {
  Hdf5Type type = Hdf5Type::kOther;
  std::vector<int64_t> shape;
};

// A group of an HDF5 file; the file stays open while any of its groups lives. Every method throws
// Error, naming file and object, when something is missing, has another type, or cannot be read or
// written.
class Hdf5Group {
 public:
  // The root group of an existing file, read only.
  static Hdf5Group Open(const std::filesystem::path& file);
  // The root group of a new file, which must not exist.
  static Hdf5Group Create(const std::filesystem::path& file);

  const std::string& where() const { return where_; }  // "file.hdf5:/data/demo_0"

  bool Has(const std::string& name) const;
  std::vector<std::string> Names() const;  // of groups and data sets in it, sorted
  Hdf5Group Group(const std::string& name) const;
  Hdf5Group NewGroup(const std::string& name);

  bool HasAttribute(const std::string& name) const;
  std::string TextAttribute(const std::string& name) const;
  int64_t IntegerAttribute(const std::string& name) const;
  std::vector<double> NumbersAttribute(const std::string& name) const;
  void SetAttribute(const std::string& name, const std::string& text);
  void SetAttribute(const std::string& name, int64_t value);
  void SetAttribute(const std::string& name, std::span<const double> values);

  Hdf5Array Array(const std::string& name) const;
  // Rows [first, first + count) of the first axis; integers and floats are converted.
  std::vector<double> Numbers(const std::string& name, int64_t first, int64_t count) const;
  std::vector<uint8_t> Bytes(const std::string& name, int64_t first, int64_t count) const;
  // A whole array, with a checksum.
  void Write(const std::string& name, std::vector<int64_t> shape, std::span<const double> values);
  void Write(const std::string& name, std::vector<int64_t> shape, std::span<const uint8_t> values);
  void Write(const std::string& name, std::vector<int64_t> shape, std::span<const int32_t> values);
  void Write(const std::string& name, const std::vector<std::string>& texts);
  // A u8 array of `rows` whose every row is one zlib stream, made with `level`, of row_shape.
  void WriteDeflated(const std::string& name, std::vector<int64_t> row_shape, int level,
                     std::span<const std::vector<uint8_t>> rows);

  // Copies object `name` of another file to here under a new name, compressed data as it is.
  void CopyFrom(const Hdf5Group& source, const std::string& name, const std::string& new_name);
  // Writes everything to disk and checks that it got there. Call on the root group, last.
  void Flush();

 private:
  struct Handle;
  Hdf5Group(std::shared_ptr<const Handle> file, std::shared_ptr<const Handle> group,
            std::string where)
      : file_(std::move(file)), group_(std::move(group)), where_(std::move(where)) {}
  [[noreturn]] void Fail(const std::string& what) const;
  std::string Below(const std::string& name) const;
  std::shared_ptr<const Handle> OpenData(const std::string& name) const;
  void WriteArray(const std::string& name, int64_t type, std::vector<int64_t> shape,
                  const void* values);
  template <typename T>
  std::vector<T> Rows(const std::string& name, int64_t type, int64_t first, int64_t count) const;

  std::shared_ptr<const Handle> file_, group_;
  std::string where_;
};

}  // namespace vega
