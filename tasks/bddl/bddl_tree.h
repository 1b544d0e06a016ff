// The text layer of BDDL: nested lists of words with their positions.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vega {

// Longest BDDL text that is read; LIBERO's largest file has 4 kB.
inline constexpr size_t kMaxBddlBytes = 1 << 20;

// A word, or a list of nodes.
struct BddlNode {
  bool is_list = false;
  std::string text;  // of a word, lower case
  std::vector<BddlNode> items;
  int line = 0;    // 1-based
  int column = 0;  // 1-based
};

// Reads the one list that a BDDL text is: words in lower case, comments from ; to the end of a line
// left out, as bddl's scan_tokens does. Nesting is bounded. Throws Error "source:line:column:
// what".
BddlNode ReadBddlTree(std::string_view text, const std::string& source);

// Throws Error "source:line:column: what".
[[noreturn]] void FailAt(const std::string& source, int line, int column, const std::string& what);

// At most 40 printable characters of a word that may be anything, for errors.
std::string Shown(std::string_view word);

}  // namespace vega
