#!/usr/bin/env bash
# Records random cases of Python LIBERO, replays each with vega, and compares: unseen cases every time.
#   ORACLE_PYTHON=<python with LIBERO> ORACLE_DIR=<folder of record.py> tests/tools/parity_sweep.sh [-n CASES] [-s SEED] [-o DIR] [-- REPLAY_FLAGS...]
# Recordings stay in DIR, so a second run with the same seed only replays. Exit code 0 when every case passes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vega=${VEGA:-$here/../../build/vega}
: "${ORACLE_PYTHON:?set it to the python that has LIBERO}" "${ORACLE_DIR:?set it to the folder of record.py}"
cases=10 seed=$RANDOM dir=parity_sweep
while getopts n:s:o: flag; do
  case $flag in
    n) cases=$OPTARG ;; s) seed=$OPTARG ;; o) dir=$OPTARG ;; *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
mkdir -p "$dir"
export MUJOCO_GL=${MUJOCO_GL:-egl}

# NAME SUITE TASK INIT STEPS WAIT SEED RENDER, one case a line
draw_cases() {
  "$ORACLE_PYTHON" - "$cases" "$seed" <<'PY' 2>/dev/null | grep '^case-'
import os, random, sys
from libero.libero import benchmark, get_libero_path
rng = random.Random(int(sys.argv[2]))
suites = sorted(benchmark.get_benchmark_dict())
n = 0
while n < int(sys.argv[1]):
    name = rng.choice(suites)
    try:
        suite = benchmark.get_benchmark_dict()[name]()
        task = rng.randrange(suite.n_tasks)
        t = suite.get_task(task)
        rows = len(suite.get_task_init_states(task))
        os.stat(os.path.join(get_libero_path("bddl_files"), t.problem_folder, t.bddl_file))
    except Exception:  # suites whose files the wheel lacks
        continue
    print(f"case-{sys.argv[2]}-{n}", name, task, rng.randrange(rows), rng.choice((60, 60, 80)), rng.choice((0, 5, 10)),
          rng.randrange(10**6), rng.choice((0, 0, 128)))
    n += 1
PY
}

failed=0 compared=0
while read -r name suite task init steps wait action_seed render; do
  echo "== $name: $suite task $task init $init, $steps steps, wait $wait, seed $action_seed, render $render"
  case_file=$dir/$name.safetensors
  if [ ! -s "$case_file" ]; then
    if ! "$ORACLE_PYTHON" "$ORACLE_DIR/record.py" --suite "$suite" --task "$task" --init "$init" --steps "$steps" \
        --wait "$wait" --seed "$action_seed" --render "$render" --out "$case_file" >"$dir/$name.log" 2>&1; then
      echo "  not recorded: $(tail -n 1 "$dir/$name.log")"
      continue
    fi
  fi
  compared=$((compared + 1))
  render_flags=()
  [ "$render" = 0 ] || render_flags=(--render "$render" --render-every 20)
  if ! "$vega" replay --suite "$suite" --task "$task" --init "$init" --actions "$case_file" \
      --out "$dir/$name.ours.safetensors" "${render_flags[@]}" "$@" >"$dir/$name.replay.log" 2>&1; then
    echo "  replay failed: $(tail -n 1 "$dir/$name.replay.log")"
    failed=$((failed + 1))
    continue
  fi
  "$ORACLE_PYTHON" "$here/compare_replay.py" "$case_file" "$dir/$name.ours.safetensors" || failed=$((failed + 1))
done < <(draw_cases)
echo "$failed of $compared recorded cases differ (seed $seed)"
[ "$failed" = 0 ] && [ "$compared" -gt 0 ]
