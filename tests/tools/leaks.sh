#!/usr/bin/env bash
# Looks for leaks over long runs: how memory moves over 10,000 soft resets of ten tasks, over 1,000 renderers opened and
# closed, and, where build-asan/ is there (VEGA_PRESET=asan ./vega build), what LeakSanitizer says of 20 renderers.
#   tests/tools/leaks.sh [SUITE]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
"$root/build/vega" bench sim --suite "${1:-libero_spatial}" --tasks 0-9 --resets 10000 | tail -n 1
"$root/build/tests/sim_tests" "[.leak]"
if [[ -x $root/build-asan/tests/sim_tests ]]; then
  # the driver keeps what it compiled; only our own frames count
  printf 'leak:swrast_dri\nleak:libgallium\nleak:libLLVM\nleak:libEGL\n' >"${TMPDIR:-/tmp}/vega_lsan.supp"
  VEGA_LEAK_ROUNDS=20 LSAN_OPTIONS=suppressions=${TMPDIR:-/tmp}/vega_lsan.supp "$root/build-asan/tests/sim_tests" "[.leak]"
fi
