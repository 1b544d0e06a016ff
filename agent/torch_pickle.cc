// torch.save's format: data.pkl describes tensors by storage key, offset, sizes and strides; the
// storages are members data/KEY of the same zip (torch/serialization.py).

#include "agent/torch_pickle.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/pickle.h"
#include "sim/base/zip_archive.h"

namespace vega {
namespace {

using Kind = PickleValue::Kind;

constexpr char kHint[] = "a PyTorch state_dict of plain tensors is expected, or a safetensors file";

constexpr std::pair<std::string_view, at::ScalarType> kStorages[] = {
    {"torch.FloatStorage", at::kFloat},       {"torch.HalfStorage", at::kHalf},
    {"torch.BFloat16Storage", at::kBFloat16}, {"torch.DoubleStorage", at::kDouble},
    {"torch.LongStorage", at::kLong},         {"torch.IntStorage", at::kInt},
    {"torch.ShortStorage", at::kShort},       {"torch.CharStorage", at::kChar},
    {"torch.ByteStorage", at::kByte},         {"torch.BoolStorage", at::kBool}};
constexpr std::string_view kDict = "collections.OrderedDict";
constexpr std::string_view kTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kParameter = "torch._utils._rebuild_parameter";

std::vector<std::string_view> AllowedNames() {
  std::vector<std::string_view> names = {kDict, kTensor, kParameter};
  for (const auto& [name, dtype] : kStorages) names.push_back(name);
  return names;
}

class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& path)
      : source_(path.string()),
        file_(std::make_shared<const MappedFile>(path)),
        zip_(file_->bytes(), source_) {
    const std::string& pickle = zip_.Find("data.pkl");
    folder_ = pickle.substr(0, pickle.size() - std::string("data.pkl").size());
    const std::string order = folder_ + "byteorder";
    if (zip_.Has(order) && zip_.Read(order) != "little") Fail("is not little-endian");
    pickle_ = zip_.Read(pickle);
    root_ = ReadPickle(pickle_, allowed_, source_, kHint);
  }

  TensorMap Tensors() const {
    if (root_.Is(Kind::kCall) && !root_.Calls(kDict)) return {{"tensor", Tensor(root_, "tensor")}};
    TensorMap tensors;
    const auto items = DictItems(root_);
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      if (!items[i].Is(Kind::kText)) Fail("has a key that is no text");
      const std::string name(items[i].text);
      if (!tensors.emplace(name, Tensor(items[i + 1], name)).second) Fail("repeats " + name);
    }
    return tensors;
  }

 private:
  // key, value, key, value of a dict or an OrderedDict, whose own state (a version table) is left
  // out
  std::vector<PickleValue> DictItems(const PickleValue& value) const {
    if (value.Is(Kind::kDict)) return *value.items;
    if (!value.Calls(kDict)) Fail("holds no dictionary of tensors");
    std::vector<PickleValue> items(value.items->begin() + 2, value.items->end());
    if (items.size() % 2 != 0) items.pop_back();
    return items;
  }

  at::Tensor Tensor(const PickleValue& value, const std::string& name) const {
    if (value.Calls(kParameter) && !Arguments(value).empty()) {
      return Tensor(Arguments(value)[0], name);
    }
    if (!value.Calls(kTensor) || Arguments(value).size() < 4) {
      Fail(fmt::format("has something else than a tensor under '{}'", name));
    }
    const auto& arguments = Arguments(value);
    const auto sizes = Numbers(arguments[2], name), strides = Numbers(arguments[3], name);
    if (!arguments[1].Is(Kind::kInt) || sizes.size() != strides.size()) Damaged(name);
    const Storage storage = ReadStorage(arguments[0], name);
    // the last element the view reaches must lie in the storage
    const int64_t offset = arguments[1].number;
    __int128 last = offset;
    bool empty = false;
    for (size_t i = 0; i < sizes.size(); ++i) {
      empty = empty || sizes[i] == 0;
      last += static_cast<__int128>(sizes[i] - 1) * strides[i];
    }
    const auto options = at::TensorOptions().dtype(storage.dtype);
    if (empty) return at::empty(sizes, options);
    if (last >= storage.numel) Damaged(name);
    const auto size = static_cast<int64_t>(c10::elementSize(storage.dtype));
    auto* data = const_cast<std::byte*>(storage.bytes.data()) + offset * size;
    const at::Tensor view = at::from_blob(
        data, sizes, strides, [file = file_](void*) {}, options);
    return reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(size) == 0 ? view
                                                                                 : Copy(view);
  }

  // views that lie badly for their type are read by bytes
  static at::Tensor Copy(const at::Tensor& view) {
    const auto size = static_cast<int64_t>(view.element_size());
    std::vector<int64_t> sizes = view.sizes().vec(), strides = view.strides().vec();
    for (int64_t& stride : strides) stride *= size;
    sizes.push_back(size), strides.push_back(1);
    const at::Tensor bytes =
        at::from_blob(view.data_ptr(), sizes, strides, at::TensorOptions().dtype(at::kByte));
    return bytes.clone(at::MemoryFormat::Contiguous).view(view.scalar_type()).squeeze(-1);
  }

  struct Storage {
    at::ScalarType dtype = at::kFloat;
    int64_t numel = 0;
    std::span<const std::byte> bytes;
  };

  // ("storage", type, key, location, number of elements)
  Storage ReadStorage(const PickleValue& value, const std::string& name) const {
    if (!value.Is(Kind::kPersistent) || !value.items->front().Is(Kind::kTuple)) Damaged(name);
    const auto& id = *value.items->front().items;
    if (id.size() != 5 || id[0].text != "storage" || !id[1].Is(Kind::kName) ||
        !id[2].Is(Kind::kText) || !id[4].Is(Kind::kInt)) {
      Damaged(name);
    }
    Storage storage;
    storage.numel = id[4].number;
    bool known = false;
    for (const auto& [type, dtype] : kStorages) {
      if (id[1].text == type) storage.dtype = dtype, known = true;
    }
    if (!known) Damaged(name);
    storage.bytes = zip_.View(folder_ + "data/" + std::string(id[2].text));
    const auto size = static_cast<uint64_t>(c10::elementSize(storage.dtype));
    if (storage.numel < 0 || storage.bytes.size() % size != 0 ||
        storage.bytes.size() / size != static_cast<uint64_t>(storage.numel)) {
      Damaged(name);
    }
    return storage;
  }

  std::vector<int64_t> Numbers(const PickleValue& value, const std::string& name) const {
    if (!value.Is(Kind::kTuple)) Damaged(name);
    std::vector<int64_t> numbers;
    for (const PickleValue& item : *value.items) {
      if (!item.Is(Kind::kInt) || item.number < 0) Damaged(name);
      numbers.push_back(item.number);
    }
    return numbers;
  }

  static const std::vector<PickleValue>& Arguments(const PickleValue& call) {
    return *(*call.items)[1].items;
  }

  [[noreturn]] void Damaged(const std::string& name) const {
    Fail(fmt::format("describes tensor '{}' in a way that does not fit its bytes", name));
  }
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(source_ + " " + what, kHint);
  }

  std::string source_, folder_, pickle_;
  std::shared_ptr<const MappedFile> file_;
  ZipArchive zip_;
  std::vector<std::string_view> allowed_ = AllowedNames();
  PickleValue root_;
};

}  // namespace

TensorMap MapTorchPickle(const std::filesystem::path& file) { return Checkpoint(file).Tensors(); }

}  // namespace vega
