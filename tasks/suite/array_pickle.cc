// A stack machine of pickle's opcodes (CPython Lib/pickletools.py) over inert values.

#include "tasks/suite/array_pickle.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "sim/base/error.h"

namespace vega {
namespace {

// an array's state is a tuple of tuples; more would only serve to exhaust the stack
constexpr int kMaxDepth = 8;

enum class Kind { kMark, kNone, kBool, kInt, kText, kTuple, kGlobal, kDtype, kBytes, kArray };

// tuples are shared, so that a pickle that nests one value many times stays small
struct Value {
  Kind kind = Kind::kNone;
  int64_t number = 0;
  std::string_view text;  // kText, kGlobal, kDtype; kBytes: still UTF-8
  std::shared_ptr<const std::vector<Value>> items;
  int depth = 0;  // of tuples in tuples
};

class Walker {
 public:
  Walker(std::string_view pickle, const std::string& source) : pickle_(pickle), source_(source) {}

  RawArray Walk() {
    while (true) {
      const unsigned char opcode = Byte();
      if (opcode == '.') break;
      Step(opcode);
    }
    if (stack_.size() != 1 || stack_[0].kind != Kind::kArray || !array_) Fail("holds no array");
    return std::move(*array_);
  }

 private:
  void Step(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (Byte() > 3) Fail("uses a pickle protocol above 3");
        return;
      case '(':
        return Push({.kind = Kind::kMark});
      case 'N':
        return Push({.kind = Kind::kNone});
      case 0x88:
        return Push({.kind = Kind::kBool, .number = 1});
      case 0x89:
        return Push({.kind = Kind::kBool, .number = 0});
      case 'K':
        return Push({.kind = Kind::kInt, .number = Byte()});
      case 'M':
        return Push({.kind = Kind::kInt, .number = Unsigned(2)});
      case 'J':
        return Push({.kind = Kind::kInt, .number = static_cast<int32_t>(Unsigned(4))});
      case 'X':
        return Push({.kind = Kind::kText, .text = Take(Unsigned(4))});
      case 'c':
        return PushGlobal();
      case 'q':
        return Remember(Byte());
      case 'r':
        return Remember(Unsigned(4));
      case 'h':
        return Recall(Byte());
      case 'j':
        return Recall(Unsigned(4));
      case ')':
        return PushTuple(0);
      case 0x85:
        return PushTuple(1);
      case 0x86:
        return PushTuple(2);
      case 0x87:
        return PushTuple(3);
      case 't':
        return PushTupleFromMark();
      case 'R':
        return Reduce();
      case 'b':
        return Build();
      default:
        Fail("is more than a plain array");
    }
  }

  void PushGlobal() {
    const std::string_view module = Line();
    const std::string_view name = Line();
    const bool multiarray = module == "numpy.core.multiarray" || module == "numpy._core.multiarray";
    const bool known = (module == "numpy" && (name == "dtype" || name == "ndarray")) ||
                       (multiarray && name == "_reconstruct") ||
                       (module == "_codecs" && name == "encode");
    if (!known) Fail("names " + std::string(module) + "." + std::string(name));
    Push({.kind = Kind::kGlobal, .text = name});
  }

  // call of a known name: recognised, not run
  void Reduce() {
    const Value arguments = Pop(Kind::kTuple);
    const Value callee = Pop(Kind::kGlobal);
    const std::vector<Value>& items = *arguments.items;
    if (callee.text == "encode" && items.size() == 2 && items[0].kind == Kind::kText &&
        items[1].kind == Kind::kText && items[1].text == "latin1") {
      Push({.kind = Kind::kBytes, .text = items[0].text});
    } else if (callee.text == "dtype" && !items.empty() && items[0].kind == Kind::kText) {
      Push({.kind = Kind::kDtype, .text = items[0].text});
    } else if (callee.text == "_reconstruct") {
      Push({.kind = Kind::kArray});
    } else {
      Fail("makes an unexpected object");
    }
  }

  // sets the state of the object below it on the stack
  void Build() {
    const Value state = Pop(Kind::kTuple);
    const std::vector<Value>& items = *state.items;
    if (stack_.empty()) Fail("is damaged");
    if (stack_.back().kind == Kind::kDtype) {
      if (items.size() < 2 || items[1].kind != Kind::kText || items[1].text != "<") {
        Fail("holds numbers that are not little-endian");
      }
    } else if (stack_.back().kind == Kind::kArray) {
      BuildArray(items);
    } else {
      Fail("makes an unexpected object");
    }
  }

  // state: version, shape, dtype, Fortran order, raw bytes
  void BuildArray(const std::vector<Value>& state) {
    if (array_ || state.size() != 5 || state[1].kind != Kind::kTuple ||
        state[2].kind != Kind::kDtype || state[3].kind != Kind::kBool ||
        state[4].kind != Kind::kBytes) {
      Fail("holds no plain array");
    }
    const std::vector<Value>& shape = *state[1].items;
    if (state[2].text != "f8") Fail("holds numbers that are not float64");
    if (state[3].number != 0) Fail("holds an array in Fortran order");
    if (shape.size() != 2 || shape[0].kind != Kind::kInt || shape[1].kind != Kind::kInt) {
      Fail("holds an array that has not two dimensions");
    }
    array_ = std::make_unique<RawArray>(
        RawArray{shape[0].number, shape[1].number, Latin1(state[4].text)});
  }

  // UTF-8 text of the code points 0 to 255 to one byte each
  std::string Latin1(std::string_view utf8) const {
    std::string bytes;
    bytes.reserve(utf8.size());
    for (size_t i = 0; i < utf8.size(); ++i) {
      const auto lead = static_cast<unsigned char>(utf8[i]);
      if (lead < 0x80) {
        bytes.push_back(utf8[i]);
        continue;
      }
      const bool pair = (lead == 0xc2 || lead == 0xc3) && i + 1 < utf8.size();
      const auto next = pair ? static_cast<unsigned char>(utf8[++i]) : 0;
      if ((next & 0xc0) != 0x80) Fail("has damaged array data");
      bytes.push_back(static_cast<char>((lead & 0x03) << 6 | (next & 0x3f)));
    }
    return bytes;
  }

  void Push(Value value) { stack_.push_back(std::move(value)); }

  Value Pop(Kind kind) {
    if (stack_.empty() || stack_.back().kind != kind) Fail("is damaged");
    Value value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }

  void PushTuple(size_t count) {
    if (stack_.size() < count) Fail("is damaged");
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    int depth = 1;
    for (auto item = begin; item != stack_.end(); ++item) depth = std::max(depth, item->depth + 1);
    if (depth > kMaxDepth) Fail("nests tuples too deeply");
    auto items = std::make_shared<const std::vector<Value>>(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    Push({.kind = Kind::kTuple, .items = std::move(items), .depth = depth});
  }

  void PushTupleFromMark() {
    size_t count = 0;
    while (count < stack_.size() && stack_[stack_.size() - 1 - count].kind != Kind::kMark) ++count;
    if (count == stack_.size()) Fail("is damaged");
    PushTuple(count);
    stack_.erase(stack_.end() - 2);
  }

  void Remember(int64_t slot) {
    if (stack_.empty()) Fail("is damaged");
    memo_[slot] = stack_.back();
  }

  void Recall(int64_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) Fail("is damaged");
    Push(found->second);
  }

  unsigned char Byte() { return static_cast<unsigned char>(Take(1)[0]); }

  int64_t Unsigned(int bytes) {
    int64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= int64_t{Byte()} << (8 * i);
    return value;
  }

  std::string_view Line() {
    const size_t end = pickle_.find('\n', at_);
    if (end == pickle_.npos) Fail("is cut off");
    const std::string_view line = pickle_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  std::string_view Take(size_t size) {
    if (size > pickle_.size() - at_) Fail("is cut off");
    at_ += size;
    return pickle_.substr(at_ - size, size);
  }

  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(source_ + " " + what, "expected a float64 array of initial states, one row each");
  }

  std::string_view pickle_;
  const std::string& source_;
  size_t at_ = 0;
  std::vector<Value> stack_;
  std::map<int64_t, Value> memo_;
  std::unique_ptr<RawArray> array_;
};

}  // namespace

RawArray ReadArrayPickle(std::string_view pickle, const std::string& source) {
  return Walker(pickle, source).Walk();
}

}  // namespace vega
