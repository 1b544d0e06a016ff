// Which source this binary was built from.

#pragma once

namespace vega {

// Abbreviated git commit at build time, with "-dirty" when files differed; "unknown" outside a git
// checkout.
const char* GitCommit();

}  // namespace vega
