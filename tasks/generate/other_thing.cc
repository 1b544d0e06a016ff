#include "tasks/generate/other_thing.h"

#include <algorithm>
#include <optional>
#include <string>

#include "tasks/bddl/problem_parts.h"
#include "tasks/generate/object_facts.h"

namespace vega {
namespace {

struct Span {
  size_t from = 0, size = 0;
};

// Where an instruction names a thing of a category: "the cream cheese box", "the black bowl", or
// "the bowl" in short.
std::optional<Span> FindWords(const std::string& instruction, const std::string& category) {
  const std::string words = Words(category);
  const std::string in_short = words.substr(words.rfind(' ') + 1);
  for (const std::string& name : {words + " box", words, in_short}) {
    const size_t from = instruction.find("the " + name);
    const size_t end = from + 4 + name.size();
    if (from == std::string::npos || (end < instruction.size() && instruction[end] != ' '))
      continue;
    return Span{from, end - from};
  }
  return std::nullopt;
}

// Both names, each for the other.
std::string Exchanged(std::string text, Span a, const std::string& for_a, Span b,
                      const std::string& for_b) {
  if (a.from < b.from) return Exchanged(text, b, for_b, a, for_a);
  text.replace(a.from, a.size, for_a);
  return text.replace(b.from, b.size, for_b);
}

bool Moves(const BddlPredicate& term, const std::string& object) {
  return term.args.size() == 2 && term.args[0] == object;
}

// `object` or a region of it
bool IsOf(const std::string& name, const std::string& object) {
  return name == object || name.starts_with(object + "_");
}

class Exchange {
 public:
  explicit Exchange(const BddlProblem& problem) : problem_(problem) {}

  std::optional<BddlProblem> Make(const BddlInstance& from, const BddlInstance& to) const {
    if (!Moved(from.name) || !Alone(from) || !Alone(to) || Holds(from.name) || Holds(to.name)) {
      return std::nullopt;
    }
    const auto words = FindWords(problem_.language, from.category);
    if (!words) return std::nullopt;
    const std::string other = "the " + Words(to.category);
    BddlProblem made = problem_;
    if (Moved(to.name)) {
      const auto other_words = FindWords(problem_.language, to.category);
      if (!other_words || from.name > to.name) return std::nullopt;  // once for each two
      made.language =
          Exchanged(problem_.language, *words, other, *other_words, "the " + Words(from.category));
    } else {
      made.language.replace(words->from, words->size, other);
    }
    for (BddlPredicate& term : made.goal) Rename(term.args, from.name, to.name);
    Rename(made.obj_of_interest, from.name, to.name);
    const bool new_goal = std::none_of(made.goal.begin(), made.goal.end(), [&](const auto& term) {
      return term.args.size() == 2 && StartsTrue(made, term);
    });
    return new_goal && !SameGoal(made) ? std::optional(made) : std::nullopt;
  }

 private:
  bool Moved(const std::string& object) const {
    return std::any_of(problem_.goal.begin(), problem_.goal.end(),
                       [&](const auto& term) { return Moves(term, object); });
  }

  bool Holds(const std::string& object) const {
    return std::any_of(problem_.goal.begin(), problem_.goal.end(), [&](const auto& term) {
      return term.args.size() == 2 && IsOf(term.args[1], object);
    });
  }

  bool Alone(const BddlInstance& object) const {
    return std::count_if(problem_.objects.begin(), problem_.objects.end(),
                         [&](const auto& one) { return one.category == object.category; }) == 1;
  }

  // both in one basket: the same when exchanged
  bool SameGoal(const BddlProblem& made) const {
    return std::is_permutation(
        made.goal.begin(), made.goal.end(), problem_.goal.begin(), problem_.goal.end(),
        [](const auto& a, const auto& b) { return a.name == b.name && a.args == b.args; });
  }

  static void Rename(std::vector<std::string>& names, const std::string& a, const std::string& b) {
    for (std::string& name : names) {
      if (name == a) {
        name = b;
      } else if (name == b) {
        name = a;
      }
    }
  }

  const BddlProblem& problem_;
};

}  // namespace

std::vector<BddlProblem> WithOtherThings(const BddlProblem& problem) {
  std::vector<BddlProblem> made;
  for (const BddlInstance& from : problem.objects) {
    for (const BddlInstance& to : problem.objects) {
      if (from.name == to.name) continue;
      if (auto one = Exchange(problem).Make(from, to)) made.push_back(*std::move(one));
    }
  }
  return made;
}

}  // namespace vega
