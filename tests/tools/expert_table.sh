#!/usr/bin/env bash
# The expert's success by suite: initial states 0 to N-1 of every task, the evaluators' horizons, and whether successes last.
#   tests/tools/expert_table.sh [-n EPISODES] [-w WORKERS] [-o DIR] [SUITE...]
# Default: 20 episodes a task of the five base suites and of LIBERO-PRO's _swap and _object of the three short ones. A run
# that was cut off goes on.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vega=${VEGA:-$here/../../build/vega}
episodes=20 workers=0 dir=expert_table
while getopts n:w:o: flag; do
  case $flag in
    n) episodes=$OPTARG ;; w) workers=$OPTARG ;; o) dir=$OPTARG ;; *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- libero_spatial libero_object libero_goal libero_10 libero_90 \
  libero_{spatial,object,goal}_{swap,object}
mkdir -p "$dir"
for suite in "$@"; do
  resume=()
  [ ! -d "$dir/$suite" ] || resume=(--resume)
  "$vega" eval --suite "$suite" --policy expert --episodes "$episodes" --workers "$workers" --hold 10 \
    --out "$dir/$suite" "${resume[@]}" >"$dir/$suite.log" 2>&1 || true
  echo "== $suite"
  grep -E '^ +([0-9]+|all) ' "$dir/$suite.log"
done
