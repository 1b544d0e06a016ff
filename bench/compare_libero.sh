#!/usr/bin/env bash
# Times Python LIBERO and vega in turn on one machine and prints ratios of medians.
#   ORACLE_PYTHON=... ORACLE_DIR=... bench/compare_libero.sh [-s SUITE] [-t TASK] [-n ROUNDS] [-h HORIZON] [-a] [VEGA]
# ORACLE_PYTHON is a Python with LIBERO and robosuite 1.4.0, ORACLE_DIR holds its record.py. VEGA defaults to build/vega.
# -a appends vega's figures to bench/history.jsonl and names those that are more than 10 % slower than the entry before
# on the same machine. Nothing else should run meanwhile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suite=libero_spatial task=0 rounds=3 horizon=220 append=0
while getopts s:t:n:h:a flag; do
  case $flag in
    s) suite=$OPTARG ;; t) task=$OPTARG ;; n) rounds=$OPTARG ;; h) horizon=$OPTARG ;; a) append=1 ;; *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
vega=${1:-$here/../build/vega}
: "${ORACLE_PYTHON:?set ORACLE_PYTHON to the Python that runs LIBERO}" "${ORACLE_DIR:?set ORACLE_DIR to the folder of record.py}"
[[ -x $vega ]] || { echo "compare_libero: no $vega (run ./vega build)" >&2; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

python() { "$ORACLE_PYTHON" "$here/look_loop.py" --suite "$suite" --task "$task" "$@" 2>>"$tmp/log" >>"$tmp/figures" || fail; }
bench() { "$vega" bench "$1" --suite "$suite" --task "$task" "${@:2}" 2>>"$tmp/log" >>"$tmp/figures" || fail; }
# renames the episodes of one setting, as all have the name eval.episode
episodes() {  # NAME FLAGS...
  "$vega" bench eval --suite "$suite" --task "$task" --steps "$horizon" --repeat 1 "${@:2}" 2>>"$tmp/log" |
    sed "s/\"eval\.episode\"/\"$1\"/" >>"$tmp/figures" || fail
}
fail() { tail -n 5 "$tmp/log" >&2; exit 1; }

bench sim --steps 5  # compiles the model once, fills the caches
bench render --steps 1
: >"$tmp/figures"
for ((round = 1; round <= rounds; ++round)); do
  echo "round $round of $rounds" >&2
  python --steps 60
  bench sim --steps 100
  python --render 256 --steps 30
  bench render --steps 20
  python --render 256 --episodes 1 --horizon "$horizon"
  episodes look.exact --workers 2 --episodes 2
  episodes look.fast --workers 2 --episodes 2 --render-quality fast
  python --episodes 1 --horizon "$horizon"
  episodes blind.two --workers 2 --episodes 8 --policy look-blind
  episodes blind.one --workers 1 --episodes 4 --policy look-blind
done

python3 - "$tmp/figures" "$here/history.jsonl" "$append" <<'PY'
import collections, json, os, statistics, sys
# what the simulators print besides is no figure
lines = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
figures = collections.defaultdict(list)
seen = collections.Counter()
for f in lines:
    name = f["name"]
    if name == "python.episode":  # with and without cameras in turn
        name = ("python.episode", "python.blind_episode")[seen[name] % 2]
        seen["python.episode"] += 1
    elif name in ("python.reset",):
        seen[name] += 1
        if seen[name] % 2 == 0:
            name = "python.rendered_reset"
    figures[name].append(f["median"])
m = {name: statistics.median(values) for name, values in figures.items()}

def line(what, python, vega, want, unit="ms"):
    ratio = python / vega
    print(f"{what:<58} {python:>9.2f} {vega:>9.2f} {unit:<3} {ratio:>7.2f} x   wanted {want}")

print(f"{'':<58} {'Python':>9} {'vega':>9}      ratio of medians")
step = m["sim.control_step"]
line("control step without cameras", m["python.control_step"], step, ">= 5")
line("  against the bare MuJoCo loop (bare, vega)", m["sim.bare_steps"], step, ">= 0.909 (1/1.10)")
line("reset and initial state", m["python.reset"], m["sim.reset"], ">= 200, vega <= 15 ms")
line("rendered step, exact", m["python.rendered_step"], m["render.exact"] + step, ">= 1.5")
line("rendered step, fast", m["python.rendered_step"], m["render.fast"] + step, ">= 5")
line("episode, a look every 8 steps, exact, 2 workers", m["python.episode"], m["look.exact"], ">= 8", "s")
line("episode, a look every 8 steps, fast, 2 workers", m["python.episode"], m["look.fast"], ">= 25", "s")
line("episode without cameras, 2 workers", m["python.blind_episode"], m["blind.two"], ">= 9", "s")
line("one worker against two, without cameras", m["blind.one"], m["blind.two"], ">= 1.8", "s")
print(f"fast against exact pictures: {m['render.fast_psnr']:.1f} dB")

if sys.argv[3] == "1":
    path = sys.argv[2]
    history = [json.loads(l) for l in open(path)] if os.path.exists(path) else []
    ours = next(f for f in lines if "commit" in f)
    entry = dict(commit=ours["commit"], machine=ours["machine"], suite=ours["suite"], task=ours["task"],
                 median={k: round(v, 4) for k, v in sorted(m.items())})
    before = [e for e in history if all(e[k] == entry[k] for k in ("machine", "suite", "task"))]
    for name, value in entry["median"].items():
        if before and not name.startswith("python") and "psnr" not in name and name in before[-1]["median"]:
            was = before[-1]["median"][name]
            if value > 1.1 * was:
                print(f"SLOWER than at {before[-1]['commit']}: {name} {was:g} -> {value:g}")
    with open(path, "a") as out:
        out.write(json.dumps(entry) + "\n")
PY
