#!/usr/bin/env bash
# Plays the expert's episodes, action by action, in Python LIBERO: they must succeed there too.
#   ORACLE_PYTHON=<python with LIBERO> ORACLE_DIR=<folder of record.py> tests/tools/expert_in_python.sh [-t TASKS] [-o DIR] [SUITE...]
# Episode 0 of each task (initial state 0, first reset after the seed, as record.py has it). Recordings stay in DIR, so a
# second run only compares. Exit code 0 when every episode that succeeds in vega succeeds in Python.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vega=${VEGA:-$here/../../build/vega}
: "${ORACLE_PYTHON:?set it to the python that has LIBERO}" "${ORACLE_DIR:?set it to the folder of record.py}"
tasks=0-6 dir=expert_in_python
while getopts t:o: flag; do
  case $flag in
    t) tasks=$OPTARG ;; o) dir=$OPTARG ;; *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- libero_spatial libero_object libero_goal libero_10 libero_90
mkdir -p "$dir"
export MUJOCO_GL=${MUJOCO_GL:-egl}

same=0 compared=0
for suite in "$@"; do
  run=$dir/$suite
  resume=()
  [ ! -d "$run" ] || resume=(--resume)
  "$vega" eval --suite "$suite" --tasks "$tasks" --policy expert --episodes 1 --hold 10 --save-actions --out "$run" \
    "${resume[@]}" >"$dir/$suite.log" 2>&1 || true
  while read -r task; do
    actions=$run/actions/task$(printf %02d "$task")_episode000.safetensors
    case_file=$dir/$suite-$task.safetensors
    if [ ! -s "$case_file" ]; then
      "$ORACLE_PYTHON" "$ORACLE_DIR/record.py" --suite "$suite" --task "$task" --init 0 --wait 0 --actions "$actions" \
        --out "$case_file" >"$dir/$suite-$task.log" 2>&1 || { echo "$suite task $task: not recorded"; continue; }
    fi
    compared=$((compared + 1))
    if "$ORACLE_PYTHON" - "$case_file" <<'PY'
import sys
from safetensors.numpy import load_file
success = load_file(sys.argv[1])["success"][10:]  # the evaluators ignore the ten no-ops
sys.exit(0 if success.any() else 1)
PY
    then same=$((same + 1)); else echo "$suite task $task: succeeds in vega, not in Python"; fi
  done < <(grep '"outcome":"success"' "$run/episodes.jsonl" | sed 's/.*"task":\([0-9]*\),.*/\1/' | sort -n)
done
echo "$same of $compared episodes succeed in Python LIBERO too"
[ "$same" = "$compared" ] && [ "$compared" -gt 0 ]
