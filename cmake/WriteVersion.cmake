# Run at build time: writes OUT, the source of apps/version.h, from the git commit of SOURCE; touches it only on change.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=10 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[
#include "apps/version.h"
namespace vega {
const char* GitCommit() { return "@commit@"; }
}  // namespace vega
]] @ONLY)
