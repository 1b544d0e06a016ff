// Every policy a user can name: those of the registry and the expert, which needs to know tasks.

#pragma once

#include <string>
#include <vector>

#include "policies/registry.h"

namespace vega {

// As OpenPolicy and PolicyNames of the registry.
PolicySource OpenAnyPolicy(const std::string& name, const PolicyOptions& options = {});
std::vector<PolicyName> AnyPolicyNames();

}  // namespace vega
