// A stack machine of pickle's opcodes (CPython Lib/pickletools.py) over inert values.

#include "sim/base/pickle.h"

#include <algorithm>
#include <bit>
#include <map>

#include "sim/base/error.h"

namespace vega {
namespace {

// more would only serve to exhaust the stack
constexpr int kMaxDepth = 16;

using Kind = PickleValue::Kind;
using Items = std::vector<PickleValue>;

class Reader {
 public:
  Reader(std::string_view pickle, std::span<const std::string_view> allowed,
         const std::string& source, const std::string& hint)
      : pickle_(pickle), allowed_(allowed), source_(source), hint_(hint) {}

  PickleValue Read() {
    while (true) {
      const unsigned char opcode = Byte();
      if (opcode == '.') break;
      if (!Constant(opcode) && !Container(opcode)) Fail("is more than plain data");
    }
    if (stack_.size() != 1) Fail("is damaged");
    return stack_[0];
  }

 private:
  // opcodes that push one value, or keep one
  bool Constant(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (Byte() > 3) Fail("uses a pickle protocol above 3");
        return true;
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
      case 0x8a:
        return Push({.kind = Kind::kInt, .number = Long(Byte())});
      case 'G':
        return Push({.kind = Kind::kFloat, .real = BigEndianDouble()});
      case 'X':
        return Push({.kind = Kind::kText, .text = Take(Unsigned(4))});
      case 'c':
        return PushName();
      case 'q':
        return Remember(Byte());
      case 'r':
        return Remember(Unsigned(4));
      case 'h':
        return Recall(Byte());
      case 'j':
        return Recall(Unsigned(4));
      default:
        return false;
    }
  }

  // opcodes that put values together
  bool Container(unsigned char opcode) {
    switch (opcode) {
      case '(':
        return Push({.kind = Kind::kMark});
      case ')':
        return Push(Make(Kind::kTuple, {}));
      case 0x85:
        return Push(Make(Kind::kTuple, PopMany(1)));
      case 0x86:
        return Push(Make(Kind::kTuple, PopMany(2)));
      case 0x87:
        return Push(Make(Kind::kTuple, PopMany(3)));
      case 't':
        return Push(Make(Kind::kTuple, PopToMark()));
      case ']':
        return Push(Make(Kind::kList, {}));
      case '}':
        return Push(Make(Kind::kDict, {}));
      case 'a':
        return Extend(PopMany(1));
      case 'e':
        return Extend(PopToMark());
      case 's':
        return Extend(PopMany(2));
      case 'u':
        return Extend(PopToMark());
      case 'Q':
        return Push(Make(Kind::kPersistent, PopMany(1)));
      case 'R': {  // a call: recorded, not made
        Items call = PopMany(2);
        if (!call[0].Is(Kind::kName) || !call[1].Is(Kind::kTuple)) Fail("is damaged");
        return Push(Make(Kind::kCall, std::move(call)));
      }
      case 'b': {  // sets the state of the object below
        Items state = PopMany(1);
        if (stack_.empty() || !stack_.back().Is(Kind::kCall)) Fail("makes an unexpected object");
        return Extend(std::move(state));
      }
      default:
        return false;
    }
  }

  // adds to the list, dict or object on top, which becomes a new value
  bool Extend(Items more) {
    if (stack_.empty()) Fail("is damaged");
    PickleValue& target = stack_.back();
    const bool pairs = target.Is(Kind::kDict);
    if (!pairs && !target.Is(Kind::kList) && !target.Is(Kind::kCall)) Fail("is damaged");
    if (pairs && more.size() % 2 != 0) Fail("is damaged");
    Items items = *target.items;
    items.insert(items.end(), more.begin(), more.end());
    target = Make(target.kind, std::move(items));
    return true;
  }

  PickleValue Make(Kind kind, Items items) const {
    int depth = 1;
    for (const PickleValue& item : items) depth = std::max(depth, item.depth + 1);
    if (depth > kMaxDepth) Fail("nests values too deeply");
    return {.kind = kind, .items = std::make_shared<const Items>(std::move(items)), .depth = depth};
  }

  bool PushName() {
    const std::string_view module = Line(), name = Line();
    const auto full =
        std::make_shared<const std::string>(std::string(module) + "." + std::string(name));
    if (std::find(allowed_.begin(), allowed_.end(), *full) == allowed_.end()) {
      Fail("names " + *full);
    }
    return Push({.kind = Kind::kName, .text = *full, .owned = full});
  }

  bool Push(PickleValue value) {
    stack_.push_back(std::move(value));
    return true;
  }

  Items PopMany(size_t count) {
    if (stack_.size() < count) Fail("is damaged");
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    Items items(begin, stack_.end());
    for (const PickleValue& item : items) {
      if (item.Is(Kind::kMark)) Fail("is damaged");
    }
    stack_.erase(begin, stack_.end());
    return items;
  }

  Items PopToMark() {
    size_t count = 0;
    while (count < stack_.size() && !stack_[stack_.size() - 1 - count].Is(Kind::kMark)) ++count;
    if (count == stack_.size()) Fail("is damaged");
    Items items = PopMany(count);
    stack_.pop_back();
    return items;
  }

  bool Remember(int64_t slot) {
    if (stack_.empty()) Fail("is damaged");
    memo_[slot] = stack_.back();
    return true;
  }

  bool Recall(int64_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) Fail("is damaged");
    return Push(found->second);
  }

  unsigned char Byte() { return static_cast<unsigned char>(Take(1)[0]); }

  int64_t Unsigned(int bytes) {
    int64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= int64_t{Byte()} << (8 * i);
    return value;
  }

  // two's complement of any number of bytes
  int64_t Long(int bytes) {
    if (bytes > 8) Fail("holds a number beyond 64 bits");
    const auto value = static_cast<uint64_t>(Unsigned(bytes));
    const int unused = 64 - 8 * bytes;
    return bytes == 0 ? 0 : static_cast<int64_t>(value << unused) >> unused;
  }

  double BigEndianDouble() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | Byte();
    return std::bit_cast<double>(bits);
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
    throw Error(source_ + " " + what, hint_);
  }

  std::string_view pickle_;
  std::span<const std::string_view> allowed_;
  const std::string& source_;
  const std::string& hint_;
  size_t at_ = 0;
  std::vector<PickleValue> stack_;
  std::map<int64_t, PickleValue> memo_;
};

}  // namespace

bool PickleValue::Calls(std::string_view name) const {
  return kind == Kind::kCall && items->front().text == name;
}

PickleValue ReadPickle(std::string_view pickle, std::span<const std::string_view> allowed,
                       const std::string& source, const std::string& hint) {
  return Reader(pickle, allowed, source, hint).Read();
}

}  // namespace vega
