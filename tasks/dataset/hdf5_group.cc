// The HDF5 calls.

#include "tasks/dataset/hdf5_group.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

using Close = herr_t (*)(hid_t);

// what the system said, of HDF5's long account of a failed read or write
std::string SystemsWord(const std::string& account) {
  constexpr char kBefore[] = "error message = '";
  const size_t begin = account.find(kBefore);
  if (begin == account.npos) return account;
  const size_t from = begin + sizeof(kBefore) - 1;
  return account.substr(from, account.find('\'', from) - from);
}

// the first message of HDF5's error stack, which is nearest to the cause
std::string Reason() {
  std::string reason;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
        auto& text = *static_cast<std::string*>(out);
        if (text.empty() && error->desc) text = error->desc;
        return 0;
      },
      &reason);
  H5Eclear2(H5E_DEFAULT);
  return reason.empty() ? "unknown reason" : SystemsWord(reason);
}

// Before the first file: no messages of its own on stderr, and no cleaning up at exit, which
// crashes over a file that could not be closed on a full disk.
void SetUp() {
  static const bool once = [] {
    H5dont_atexit();
    return true;
  }();
  (void)once;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

int64_t Count(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<hsize_t> Extent(const std::vector<int64_t>& shape) {
  return {shape.begin(), shape.end()};
}

}  // namespace

// an HDF5 id and how it is closed
struct Hdf5Group::Handle {
  hid_t id;
  Close close;
  Handle(hid_t id, Close close) : id(id), close(close) {}
  ~Handle() {
    if (id >= 0) close(id);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  explicit operator bool() const { return id >= 0; }
};

void Hdf5Group::Fail(const std::string& what) const {
  throw Error(fmt::format("{}: {}: {}", where_, what, Reason()),
              "the file is damaged, or the disk is full");
}

Hdf5Group Hdf5Group::Open(const std::filesystem::path& file) {
  SetUp();
  const std::string where = file.string();
  if (!std::filesystem::exists(file)) throw Error(where + ": no such file", "check the path");
  if (!std::filesystem::is_regular_file(file)) {
    throw Error(where + ": not a file", "name an .hdf5 file");
  }
  if (H5Fis_hdf5(file.c_str()) <= 0) {
    H5Eclear2(H5E_DEFAULT);
    throw Error(where + ": not an HDF5 file", "a data set ends in .hdf5");
  }
  auto handle =
      std::make_shared<Handle>(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!*handle) {
    throw Error(fmt::format("{}: cannot be opened: {}", where, Reason()),
                "it was cut or is still being written; collect it again with --resume, or copy it "
                "again");
  }
  auto root = std::make_shared<Handle>(H5Gopen2(handle->id, "/", H5P_DEFAULT), H5Gclose);
  if (!*root) throw Error(fmt::format("{}: has no root group: {}", where, Reason()));
  return {handle, root, where};
}

Hdf5Group Hdf5Group::Create(const std::filesystem::path& file) {
  SetUp();
  auto handle = std::make_shared<Handle>(
      H5Fcreate(file.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  if (!*handle) {
    throw Error(fmt::format("{}: cannot be created: {}", file.string(), Reason()),
                "choose a place you can write to");
  }
  auto root = std::make_shared<Handle>(H5Gopen2(handle->id, "/", H5P_DEFAULT), H5Gclose);
  return {handle, root, file.string()};
}

// "file.hdf5:/data", "file.hdf5:/data/demo_0"
std::string Hdf5Group::Below(const std::string& name) const {
  return where_ + (where_.find(":/") == where_.npos ? ":/" : "/") + name;
}

bool Hdf5Group::Has(const std::string& name) const {
  return H5Lexists(group_->id, name.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Hdf5Group::Names() const {
  std::vector<std::string> names;
  const herr_t code = H5Literate(
      group_->id, H5_INDEX_NAME, H5_ITER_INC, nullptr,
      [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->push_back(name);
        return 0;
      },
      &names);
  if (code < 0) Fail("cannot be listed");
  std::sort(names.begin(), names.end());
  return names;
}

Hdf5Group Hdf5Group::Group(const std::string& name) const {
  if (!Has(name)) {
    throw Error(fmt::format("{} has no group {}", where_, name),
                "it is no LIBERO or robomimic data set");
  }
  auto group = std::make_shared<Handle>(H5Gopen2(group_->id, name.c_str(), H5P_DEFAULT), H5Gclose);
  if (!*group) Fail("cannot open " + name);
  return {file_, group, Below(name)};
}

Hdf5Group Hdf5Group::NewGroup(const std::string& name) {
  auto group = std::make_shared<Handle>(
      H5Gcreate2(group_->id, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!*group) Fail("cannot make group " + name);
  return {file_, group, Below(name)};
}

bool Hdf5Group::HasAttribute(const std::string& name) const {
  return H5Aexists(group_->id, name.c_str()) > 0;
}

std::string Hdf5Group::TextAttribute(const std::string& name) const {
  if (!HasAttribute(name)) {
    throw Error(fmt::format("{} has no attribute {}", where_, name),
                "it is no LIBERO or robomimic data set");
  }
  const Handle attribute(H5Aopen(group_->id, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute) Fail("cannot open attribute " + name);
  const Handle type(H5Aget_type(attribute.id), H5Tclose);
  const Handle space(H5Aget_space(attribute.id), H5Sclose);
  if (!type || H5Tget_class(type.id) != H5T_STRING || H5Sget_simple_extent_npoints(space.id) != 1) {
    throw Error(fmt::format("{}: attribute {} is no text", where_, name));
  }
  const Handle memory(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_cset(memory.id, H5Tget_cset(type.id));
  if (H5Tis_variable_str(type.id) > 0) {
    H5Tset_size(memory.id, H5T_VARIABLE);
    char* text = nullptr;
    if (H5Aread(attribute.id, memory.id, &text) < 0) Fail("cannot read attribute " + name);
    const std::string result = text ? text : "";
    H5free_memory(text);
    return result;
  }
  const size_t size = H5Tget_size(type.id);
  H5Tset_size(memory.id, size + 1);
  std::string result(size + 1, '\0');
  if (H5Aread(attribute.id, memory.id, result.data()) < 0) Fail("cannot read attribute " + name);
  result.resize(result.find('\0'));
  return result;
}

std::vector<double> Hdf5Group::NumbersAttribute(const std::string& name) const {
  if (!HasAttribute(name)) {
    throw Error(fmt::format("{} has no attribute {}", where_, name),
                "it is no LIBERO or robomimic data set");
  }
  const Handle attribute(H5Aopen(group_->id, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute) Fail("cannot open attribute " + name);
  const Handle type(H5Aget_type(attribute.id), H5Tclose);
  const Handle space(H5Aget_space(attribute.id), H5Sclose);
  const H5T_class_t kind = H5Tget_class(type.id);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) {
    throw Error(fmt::format("{}: attribute {} is no number", where_, name));
  }
  std::vector<double> values(std::max<hssize_t>(H5Sget_simple_extent_npoints(space.id), 0));
  if (H5Aread(attribute.id, H5T_NATIVE_DOUBLE, values.data()) < 0) {
    Fail("cannot read attribute " + name);
  }
  return values;
}

int64_t Hdf5Group::IntegerAttribute(const std::string& name) const {
  const std::vector<double> values = NumbersAttribute(name);
  if (values.size() != 1) throw Error(fmt::format("{}: attribute {} is no number", where_, name));
  return static_cast<int64_t>(values[0]);
}

void Hdf5Group::SetAttribute(const std::string& name, const std::string& text) {
  // long texts lie beside the object's header, which holds 64 KiB
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.id, H5T_VARIABLE);
  H5Tset_cset(type.id, H5T_CSET_UTF8);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(
      H5Acreate2(group_->id, name.c_str(), type.id, space.id, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  const char* pointer = text.c_str();
  if (!attribute || H5Awrite(attribute.id, type.id, &pointer) < 0) {
    Fail("cannot write attribute " + name);
  }
}

void Hdf5Group::SetAttribute(const std::string& name, int64_t value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(
      H5Acreate2(group_->id, name.c_str(), H5T_STD_I64LE, space.id, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  if (!attribute || H5Awrite(attribute.id, H5T_NATIVE_INT64, &value) < 0) {
    Fail("cannot write attribute " + name);
  }
}

void Hdf5Group::SetAttribute(const std::string& name, std::span<const double> values) {
  const hsize_t size = values.size();
  const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
  const Handle attribute(
      H5Acreate2(group_->id, name.c_str(), H5T_IEEE_F64LE, space.id, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  if (!attribute || H5Awrite(attribute.id, H5T_NATIVE_DOUBLE, values.data()) < 0) {
    Fail("cannot write attribute " + name);
  }
}

std::shared_ptr<const Hdf5Group::Handle> Hdf5Group::OpenData(const std::string& name) const {
  if (!Has(name)) {
    throw Error(fmt::format("{} has no {}", where_, name), "it is no LIBERO or robomimic data set");
  }
  auto data = std::make_shared<Handle>(H5Dopen2(group_->id, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!*data) Fail("cannot open " + name);
  return data;
}

Hdf5Array Hdf5Group::Array(const std::string& name) const {
  const auto data = OpenData(name);
  const Handle type(H5Dget_type(data->id), H5Tclose);
  const Handle space(H5Dget_space(data->id), H5Sclose);
  Hdf5Array array;
  const size_t size = H5Tget_size(type.id);
  const bool is_signed = H5Tget_sign(type.id) == H5T_SGN_2;
  switch (H5Tget_class(type.id)) {
    case H5T_FLOAT:
      array.type = size == 8 ? Hdf5Type::kF64 : size == 4 ? Hdf5Type::kF32 : Hdf5Type::kOther;
      break;
    case H5T_INTEGER:
      array.type = size == 1 && !is_signed  ? Hdf5Type::kU8
                   : size == 4 && is_signed ? Hdf5Type::kI32
                   : size == 8 && is_signed ? Hdf5Type::kI64
                                            : Hdf5Type::kOther;
      break;
    default:
      break;
  }
  std::vector<hsize_t> extent(std::max(H5Sget_simple_extent_ndims(space.id), 0));
  H5Sget_simple_extent_dims(space.id, extent.data(), nullptr);
  array.shape.assign(extent.begin(), extent.end());
  return array;
}

template <typename T>
std::vector<T> Hdf5Group::Rows(const std::string& name, int64_t type, int64_t first,
                               int64_t count) const {
  const Hdf5Array array = Array(name);
  if (array.shape.empty() || array.type == Hdf5Type::kOther) {
    throw Error(fmt::format("{}/{} is no array of numbers", where_, name));
  }
  if (first < 0 || count < 0 || first + count > array.shape[0]) {
    throw Error(
        fmt::format("{}/{} has {} rows, not {}", where_, name, array.shape[0], first + count));
  }
  const auto data = OpenData(name);
  const Handle space(H5Dget_space(data->id), H5Sclose);
  std::vector<hsize_t> start(array.shape.size(), 0), extent = Extent(array.shape);
  start[0] = static_cast<hsize_t>(first);
  extent[0] = static_cast<hsize_t>(count);
  std::vector<T> values(
      std::accumulate(extent.begin(), extent.end(), size_t{1}, std::multiplies<>()));
  if (values.empty()) return values;
  H5Sselect_hyperslab(space.id, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
  const Handle memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                      H5Sclose);
  if (H5Dread(data->id, type, memory.id, space.id, H5P_DEFAULT, values.data()) < 0) {
    Fail("cannot read " + name);
  }
  return values;
}

std::vector<double> Hdf5Group::Numbers(const std::string& name, int64_t first,
                                       int64_t count) const {
  return Rows<double>(name, H5T_NATIVE_DOUBLE, first, count);
}

std::vector<uint8_t> Hdf5Group::Bytes(const std::string& name, int64_t first, int64_t count) const {
  return Rows<uint8_t>(name, H5T_NATIVE_UINT8, first, count);
}

void Hdf5Group::WriteArray(const std::string& name, int64_t type, std::vector<int64_t> shape,
                           const void* values) {
  const std::vector<hsize_t> extent = Extent(shape);
  const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                     H5Sclose);
  const Handle plan(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (Count(shape) > 0) {
    // one chunk, so that it can carry a checksum
    H5Pset_chunk(plan.id, static_cast<int>(extent.size()), extent.data());
    H5Pset_fletcher32(plan.id);
  }
  const Handle data(
      H5Dcreate2(group_->id, name.c_str(), type, space.id, H5P_DEFAULT, plan.id, H5P_DEFAULT),
      H5Dclose);
  if (!data) Fail("cannot make " + name);
  if (Count(shape) > 0 && H5Dwrite(data.id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    Fail("cannot write " + name);
  }
}

void Hdf5Group::Write(const std::string& name, std::vector<int64_t> shape,
                      std::span<const double> values) {
  WriteArray(name, H5T_NATIVE_DOUBLE, std::move(shape), values.data());
}

void Hdf5Group::Write(const std::string& name, std::vector<int64_t> shape,
                      std::span<const uint8_t> values) {
  WriteArray(name, H5T_NATIVE_UINT8, std::move(shape), values.data());
}

void Hdf5Group::Write(const std::string& name, std::vector<int64_t> shape,
                      std::span<const int32_t> values) {
  WriteArray(name, H5T_NATIVE_INT32, std::move(shape), values.data());
}

void Hdf5Group::Write(const std::string& name, const std::vector<std::string>& texts) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.id, H5T_VARIABLE);
  H5Tset_cset(type.id, H5T_CSET_UTF8);
  const hsize_t size = texts.size();
  const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
  const Handle data(H5Dcreate2(group_->id, name.c_str(), type.id, space.id, H5P_DEFAULT,
                               H5P_DEFAULT, H5P_DEFAULT),
                    H5Dclose);
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  if (!data || H5Dwrite(data.id, type.id, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0) {
    Fail("cannot write " + name);
  }
}

void Hdf5Group::WriteDeflated(const std::string& name, std::vector<int64_t> row_shape, int level,
                              std::span<const std::vector<uint8_t>> rows) {
  std::vector<hsize_t> chunk = {1};
  chunk.insert(chunk.end(), row_shape.begin(), row_shape.end());
  std::vector<hsize_t> extent = chunk;
  extent[0] = rows.size();
  const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                     H5Sclose);
  const Handle plan(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(plan.id, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_deflate(plan.id, static_cast<unsigned>(level));
  const Handle data(H5Dcreate2(group_->id, name.c_str(), H5T_NATIVE_UINT8, space.id, H5P_DEFAULT,
                               plan.id, H5P_DEFAULT),
                    H5Dclose);
  if (!data) Fail("cannot make " + name);
  std::vector<hsize_t> offset(extent.size(), 0);
  for (const std::vector<uint8_t>& row : rows) {
    if (H5Dwrite_chunk(data.id, H5P_DEFAULT, 0, offset.data(), row.size(), row.data()) < 0) {
      Fail("cannot write " + name);
    }
    ++offset[0];
  }
}

void Hdf5Group::CopyFrom(const Hdf5Group& source, const std::string& name,
                         const std::string& new_name) {
  if (H5Ocopy(source.group_->id, name.c_str(), group_->id, new_name.c_str(), H5P_DEFAULT,
              H5P_DEFAULT) < 0) {
    Fail(fmt::format("cannot copy {}/{}", source.where_, name));
  }
}

void Hdf5Group::Flush() {
  if (H5Fflush(file_->id, H5F_SCOPE_GLOBAL) < 0) Fail("cannot be written");
}

}  // namespace vega
