// Reads BDDL text into nested lists.

#include "tasks/bddl/bddl_tree.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr size_t kMaxDepth = 32;  // LIBERO's files nest 6 deep

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Nesting is kept on a vector, so depth costs no stack.
class TreeReader {
 public:
  TreeReader(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  BddlNode Read() {
    if (text_.size() > kMaxBddlBytes) {
      FailAt(source_, 1, 1, "text is larger than 1 MiB; this is no BDDL problem");
    }
    while (SkipBlank()) {
      const int column = Column();
      if (text_[at_] == '(') {
        Open(column);
      } else if (text_[at_] == ')') {
        Close(column);
      } else {
        Word(column);
      }
    }
    if (!open_.empty()) {
      FailAt(source_, open_.back().line, open_.back().column, "this parenthesis is never closed");
    }
    if (!root_)
      FailAt(source_, line_, Column(), "no BDDL problem here (expected \"(define ...)\")");
    return std::move(*root_);
  }

 private:
  int Column() const { return static_cast<int>(at_ - line_start_) + 1; }

  // moves to the next token; false at the end of the text
  bool SkipBlank() {
    bool comment = false;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
        comment = false;
      } else if (text_[at_] == ';') {
        comment = true;
      } else if (!comment && !IsSpace(text_[at_])) {
        return true;
      }
    }
    return false;
  }

  void Open(int column) {
    if (root_) FailAt(source_, line_, column, "text after the end of the problem");
    if (open_.size() == kMaxDepth) {
      FailAt(source_, line_, column, fmt::format("lists are nested deeper than {}", kMaxDepth));
    }
    open_.push_back({true, "", {}, line_, column});
    ++at_;
  }

  void Close(int column) {
    if (open_.empty()) FailAt(source_, line_, column, "this parenthesis closes nothing");
    BddlNode list = std::move(open_.back());
    open_.pop_back();
    if (open_.empty()) {
      root_ = std::move(list);
    } else {
      open_.back().items.push_back(std::move(list));
    }
    ++at_;
  }

  void Word(int column) {
    BddlNode word{false, "", {}, line_, column};
    while (at_ < text_.size() && !IsSpace(text_[at_]) && text_[at_] != '(' && text_[at_] != ')' &&
           text_[at_] != ';') {
      word.text += Lower(text_[at_++]);
    }
    if (open_.empty()) {
      FailAt(source_, line_, column,
             fmt::format("\"{}\" stands outside of \"(define ...)\"", Shown(word.text)));
    }
    open_.back().items.push_back(std::move(word));
  }

  std::string_view text_;
  const std::string& source_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int line_ = 1;
  std::vector<BddlNode> open_;  // lists not closed yet, outermost first
  std::optional<BddlNode> root_;
};

}  // namespace

BddlNode ReadBddlTree(std::string_view text, const std::string& source) {
  return TreeReader(text, source).Read();
}

void FailAt(const std::string& source, int line, int column, const std::string& what) {
  throw Error(fmt::format("{}:{}:{}: {}", source, line, column, what));
}

std::string Shown(std::string_view word) {
  std::string shown(word.substr(0, 40));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
  }
  return word.size() > 40 ? shown + "..." : shown;
}

}  // namespace vega
