#!/usr/bin/env bash
# Looks for leaks over long runs: how memory moves over 10,000 soft resets of ten tasks and over 1,000 renderers opened
# and closed; then what LeakSanitizer, loaded before the program, says of 200 resets and of 20 renderers.
#   tests/tools/leaks.sh [SUITE]
# Prints the growth over resets; fails where renderers grow by 3 % or anything is lost. Needs g++'s liblsan.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
resets=("$root/build/vega" bench sim --suite "${1:-libero_spatial}" --tasks 0-9)
renderers=("$root/build/tests/sim_tests" "[.leak]")
"${resets[@]}" --resets 10000 | tail -n 1
"${renderers[@]}"
library=$(g++ -print-file-name=liblsan.so)
[[ $library == /* ]] || { echo "no liblsan: install g++" >&2; exit 1; }
# the driver keeps what it compiled; only our own frames count
printf 'leak:swrast_dri\nleak:libgallium\nleak:libLLVM\nleak:libEGL\n' >"${TMPDIR:-/tmp}/vega_lsan.supp"
lsan=(env LD_PRELOAD="$(readlink -f "$library")" LSAN_OPTIONS="suppressions=${TMPDIR:-/tmp}/vega_lsan.supp"
      VEGA_LEAK_ROUNDS=20)
"${lsan[@]}" "${resets[@]}" --resets 200 | tail -n 1
"${lsan[@]}" "${renderers[@]}"
echo "LeakSanitizer: nothing lost"
