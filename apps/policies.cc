#include "apps/policies.h"

#include <memory>

#include "tasks/expert/expert_policy.h"

namespace vega {
namespace {

std::optional<PolicySource> OpenExpert(const std::string& name) {
  const std::optional<ExpertOptions> options = ParseExpertName(name);
  if (!options) return std::nullopt;
  const auto table = LoadExpertTables();
  return PolicySource{.name = name,
                      .contract = ExpertPolicy(table, *options).contract(),
                      .make = [=] { return std::make_unique<ExpertPolicy>(table, *options); }};
}

std::vector<PolicyOffer> Offers() {
  return {{{"expert[:V]",
            "scripted, reads the true state; V 0..1 varies its motions from episode to episode"},
           OpenExpert}};
}

}  // namespace

PolicySource OpenAnyPolicy(const std::string& name, const PolicyOptions& options) {
  return OpenPolicy(name, options, Offers());
}

std::vector<PolicyName> AnyPolicyNames() { return PolicyNames(Offers()); }

}  // namespace vega
