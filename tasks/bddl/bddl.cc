// The BDDL parser: tree of lists to a BddlProblem, every name checked.

#include "tasks/bddl/bddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numbers>
#include <optional>
#include <set>

#include "sim/base/error.h"
#include "tasks/bddl/bddl_tree.h"

namespace vega {
namespace {

struct KnownPredicate {
  std::string_view name;
  size_t arguments;
};

// LIBERO's envs/predicates
constexpr KnownPredicate kPredicates[] = {{"on", 2},     {"in", 2},      {"open", 1}, {"close", 1},
                                          {"turnon", 1}, {"turnoff", 1}, {"up", 1}};

constexpr double kLeastSize = 0.1, kLargestSize = 10;

// Fills a BddlProblem from the tree.
class ProblemReader {
 public:
  explicit ProblemReader(const std::string& source) { problem_.source = source; }

  BddlProblem Read(const BddlNode& root) {
    if (root.items.empty() || root.items[0].text != "define") {
      Fail(root, "expected \"(define ...)\"");
    }
    for (size_t i = 1; i < root.items.size(); ++i) ReadGroup(root.items[i]);
    for (const char* group : {"problem", ":language", ":fixtures", ":init", ":goal"}) {
      if (!seen_.count(group)) Fail(root, fmt::format("the problem has no \"({} ...)\"", group));
    }
    CheckNames();
    ReadSizes();
    return std::move(problem_);
  }

 private:
  [[noreturn]] void Fail(const BddlNode& at, const std::string& what) const {
    FailAt(problem_.source, at.line, at.column, what);
  }

  const std::vector<BddlNode>& List(const BddlNode& node, const char* what) const {
    if (!node.is_list) Fail(node, fmt::format("expected {}, found \"{}\"", what, Shown(node.text)));
    return node.items;
  }

  const std::string& Word(const BddlNode& node, const char* what) const {
    if (node.is_list) Fail(node, fmt::format("expected {}, found a list", what));
    return node.text;
  }

  // the word a list begins with
  const std::string& Head(const BddlNode& node, const char* what) const {
    if (List(node, what).empty()) Fail(node, fmt::format("expected {}, found \"()\"", what));
    return Word(node.items[0], what);
  }

  const std::string& Name(const BddlNode& node, const char* what) const {
    const std::string& name = Word(node, what);
    for (char c : name) {
      if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') {
        Fail(node, fmt::format("\"{}\" is no {} (letters, digits and _ only)", Shown(name), what));
      }
    }
    return name;
  }

  // the one item after a list's head
  const BddlNode& Only(const BddlNode& list) const {
    if (list.items.size() != 2) {
      Fail(list, fmt::format("\"{}\" takes one value, found {}", Shown(list.items[0].text),
                             list.items.size() - 1));
    }
    return list.items[1];
  }

  // a finite number, or products and quotients of numbers and pi as LIBERO's eval() takes them
  double Number(const BddlNode& node) const {
    const std::string& text = Word(node, "a number");
    std::string_view rest = text;
    double value = 1;
    char op = '*';
    while (true) {
      double factor = 1;
      if (rest.starts_with('-') || rest.starts_with('+')) {
        if (rest[0] == '-') value = -value;
        rest.remove_prefix(1);
      }
      if (rest.starts_with("pi")) {
        factor = std::numbers::pi;
        rest.remove_prefix(2);
      } else {
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), factor);
        if (error != std::errc() || rest.starts_with('-')) break;
        rest.remove_prefix(end - rest.data());
      }
      value = op == '*' ? value * factor : value / factor;
      if (rest.empty() && std::isfinite(value)) return value;
      if (rest.empty() || (rest[0] != '*' && rest[0] != '/')) break;
      op = rest[0];
      rest.remove_prefix(1);
    }
    Fail(node, fmt::format("\"{}\" is not a finite number", Shown(text)));
  }

  template <size_t N>
  std::array<double, N> Numbers(const BddlNode& node, const char* what) const {
    if (List(node, what).size() != N) {
      Fail(node, fmt::format("expected {}, found {} values", what, node.items.size()));
    }
    std::array<double, N> numbers;
    for (size_t i = 0; i < N; ++i) numbers[i] = Number(node.items[i]);
    return numbers;
  }

  void ReadGroup(const BddlNode& group) {
    const std::string& head = Head(group, "a group such as (:init ...)");
    if (!seen_.insert(head).second) Fail(group, fmt::format("a second \"{}\"", Shown(head)));
    if (head == "problem") {
      problem_.problem_name = Name(Only(group), "problem name");
    } else if (head == ":domain") {
      if (Word(Only(group), "a domain") != "robosuite") {
        Fail(group,
             fmt::format("unknown domain \"{}\" (only robosuite)", Shown(group.items[1].text)));
      }
    } else if (head == ":language") {
      ReadLanguage(group);
    } else if (head == ":regions") {
      for (size_t i = 1; i < group.items.size(); ++i) ReadRegion(group.items[i]);
    } else if (head == ":fixtures") {
      ReadInstances(group, problem_.fixtures);
    } else if (head == ":objects") {
      ReadInstances(group, problem_.objects);
    } else if (head == ":obj_of_interest") {
      interest_ = &group;
      for (size_t i = 1; i < group.items.size(); ++i) {
        problem_.obj_of_interest.push_back(Name(group.items[i], "object name"));
      }
    } else if (head == ":init") {
      for (size_t i = 1; i < group.items.size(); ++i) ReadPredicate(group.items[i], problem_.init);
    } else if (head == ":sizes") {
      sizes_ = &group;
    } else if (head == ":goal") {
      ReadGoal(Only(group));
    } else if (head != ":requirements") {
      Fail(group, fmt::format("unknown group \"{}\"", Shown(head)));
    }
  }

  void ReadLanguage(const BddlNode& group) {
    for (size_t i = 1; i < group.items.size(); ++i) {
      if (i > 1) problem_.language += ' ';
      problem_.language += Word(group.items[i], "a word of the instruction");
    }
    if (problem_.language.empty()) Fail(group, "the instruction is empty");
  }

  void ReadRegion(const BddlNode& node) {
    BddlRegion region;
    Head(node, "a region such as (NAME (:target T) (:ranges ((x0 y0 x1 y1))))");
    region.name = Name(node.items[0], "region name");
    region.line = node.line;
    region.column = node.column;
    for (size_t i = 1; i < node.items.size(); ++i) {
      const BddlNode& attribute = node.items[i];
      const std::string& head = Head(attribute, "an attribute such as (:target T)");
      const BddlNode& value = Only(attribute);
      if (head == ":target") {
        region.target = Name(value, "target name");
      } else if (head == ":ranges") {
        for (const BddlNode& range : List(value, "a list of ranges")) {
          region.ranges.push_back(Numbers<4>(range, "a range (x0 y0 x1 y1)"));
        }
      } else if (head == ":yaw_rotation") {
        for (const BddlNode& range : List(value, "((lo hi))")) {
          region.yaw_rotation = Numbers<2>(range, "a yaw range (lo hi)");
        }
      } else if (head == ":rgba") {
        region.rgba = Numbers<4>(value, "a colour (r g b a)");
      } else {
        Fail(attribute, fmt::format("unknown region attribute \"{}\"", Shown(head)));
      }
    }
    if (region.target.empty()) {
      Fail(node, fmt::format("region \"{}\" has no (:target ...)", Shown(region.name)));
    }
    if (!regions_.insert(region.full_name()).second) {
      Fail(node, fmt::format("region \"{}\" is declared twice", Shown(region.full_name())));
    }
    problem_.regions.push_back(std::move(region));
  }

  // a b - category  c - category2
  void ReadInstances(const BddlNode& group, std::vector<BddlInstance>& out) {
    std::set<std::string> categories;
    size_t first = 0;  // of the names whose category is not known yet
    for (size_t i = 1; i < group.items.size(); ++i) {
      const BddlNode& node = group.items[i];
      if (Word(node, "a name") != "-") {
        const std::string& name = Name(node, "name");
        if (!names_.insert(name).second) {
          Fail(node, fmt::format("\"{}\" is declared twice", Shown(name)));
        }
        out.push_back({name, "", node.line, node.column});
        continue;
      }
      if (first == out.size()) Fail(node, "no name before this dash");
      if (++i == group.items.size()) Fail(node, "no category after this dash");
      const std::string& category = Name(group.items[i], "category name");
      if (!categories.insert(category).second) {
        Fail(group.items[i],
             fmt::format("category \"{}\" a second time (list all its names before one dash)",
                         Shown(category)));
      }
      for (; first < out.size(); ++first) out[first].category = category;
    }
    if (first < out.size()) {
      FailAt(problem_.source, out[first].line, out[first].column,
             fmt::format("\"{}\" has no category (write \"{} - category\")", out[first].name,
                         out[first].name));
    }
  }

  void ReadPredicate(const BddlNode& node, std::vector<BddlPredicate>& out) {
    const std::string& head = Head(node, "a predicate such as (On a b)");
    const auto* known = std::find_if(std::begin(kPredicates), std::end(kPredicates),
                                     [&](const KnownPredicate& p) { return p.name == head; });
    if (known == std::end(kPredicates)) {
      Fail(node,
           fmt::format("unknown predicate \"{}\" (known: On, In, Open, Close, TurnOn, TurnOff, Up)",
                       Shown(head)));
    }
    if (node.items.size() - 1 != known->arguments) {
      Fail(node, fmt::format("\"{}\" takes {} name{}, found {}", head, known->arguments,
                             known->arguments == 1 ? "" : "s", node.items.size() - 1));
    }
    BddlPredicate predicate{head, {}, node.line, node.column};
    for (size_t i = 1; i < node.items.size(); ++i) {
      predicate.args.push_back(Name(node.items[i], "object or region name"));
    }
    out.push_back(std::move(predicate));
  }

  void ReadGoal(const BddlNode& node) {
    if (Head(node, "a predicate or (And ...)") != "and") {
      ReadPredicate(node, problem_.goal);
      return;
    }
    for (size_t i = 1; i < node.items.size(); ++i) ReadPredicate(node.items[i], problem_.goal);
    if (problem_.goal.empty()) Fail(node, "the goal is empty");
  }

  // (plate_1 1.2): once all objects are known
  void ReadSizes() {
    if (sizes_ == nullptr) return;
    std::set<std::string> sized;
    for (size_t i = 1; i < sizes_->items.size(); ++i) {
      const BddlNode& node = sizes_->items[i];
      const std::string& name = Head(node, "a size such as (plate_1 1.2)");
      const auto object = std::find_if(problem_.objects.begin(), problem_.objects.end(),
                                       [&](const BddlInstance& one) { return one.name == name; });
      if (object == problem_.objects.end()) {
        Fail(node, fmt::format("\"{}\" is no declared object", Shown(name)));
      }
      if (!sized.insert(name).second) {
        Fail(node, fmt::format("a second size of \"{}\"", Shown(name)));
      }
      object->size = Number(Only(node));
      if (object->size < kLeastSize || object->size > kLargestSize) {
        Fail(node, fmt::format("the size of \"{}\" is {}, not between {} and {}", Shown(name),
                               object->size, kLeastSize, kLargestSize));
      }
    }
  }

  // every name in init, goal and obj_of_interest is an instance or a region
  void CheckNames() const {
    auto known = [&](const std::string& name) {
      return names_.count(name) || regions_.count(name);
    };
    for (const auto* predicates : {&problem_.init, &problem_.goal}) {
      for (const BddlPredicate& predicate : *predicates) {
        for (const std::string& name : predicate.args) {
          if (known(name)) continue;
          FailAt(problem_.source, predicate.line, predicate.column,
                 fmt::format("\"{}\" is no declared object, fixture or region", Shown(name)));
        }
      }
    }
    for (const std::string& name : problem_.obj_of_interest) {
      if (!known(name)) Fail(*interest_, fmt::format("\"{}\" is not declared", Shown(name)));
    }
  }

  BddlProblem problem_;
  std::set<std::string> seen_;     // groups
  std::set<std::string> names_;    // objects and fixtures
  std::set<std::string> regions_;  // full names
  const BddlNode* interest_ = nullptr;
  const BddlNode* sizes_ = nullptr;
};

}  // namespace

BddlProblem ParseBddl(std::string_view text, const std::string& source) {
  return ProblemReader(source).Read(ReadBddlTree(text, source));
}

BddlProblem LoadBddl(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw Error(fmt::format("cannot read {}: {}", file.string(), error.message()));
  if (size > kMaxBddlBytes)
    throw Error(fmt::format("{} is larger than 1 MiB; no BDDL problem", file.string()));
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) throw Error(fmt::format("cannot read {}", file.string()));
  return ParseBddl(text, file.string());
}

}  // namespace vega
