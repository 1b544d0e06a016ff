#!/usr/bin/env bash
# What the window costs the simulation: time of a control step's simulation and control steps a second, without a window
# (vega eval) and with one that draws as fast as it can, in turn; medians. Both play the same task with a policy that does
# nothing. Nothing else should run meanwhile.
#   tests/tools/window_cost.sh [ROUNDS] [SUITE]      5 and libero_10 unless given
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
task=(--suite "${2:-libero_10}" --policy hold)
# paced at two speeds, and as fast as it goes
python3 - "$tmp" <<'PY'
import json, sys
for speed, seconds in ((1, 4), (5, 4), (1000, 1)):
    script = [{"wait_for": "step 0"}, {"wait": 5}, {"click": "Run/Play"}, {"wait_for": "step 5"}, {"measure": seconds}]
    json.dump(script, open(f"{sys.argv[1]}/x{speed}.json", "w"))
PY
for ((round = 1; round <= ${1:-5}; ++round)); do
  echo "round $round of ${1:-5}" >&2
  "$root/build/vega" eval "${task[@]}" --tasks 0 --episodes 1 --workers 1 --out "$tmp/run$round" >"$tmp/log" 2>&1 ||
    { cat "$tmp/log" >&2; exit 1; }
  for speed in 1 5 1000; do
    "$root/tests/viewer/under_xvfb.sh" "$root/build/vega" view "${task[@]}" --task 0 --paused --speed "$speed" \
      --script "$tmp/x$speed.json" >>"$tmp/window$speed"
  done
done
python3 - "$tmp" <<'PY'
import glob, json, statistics, sys
episodes = [json.loads(line) for run in glob.glob(f"{sys.argv[1]}/run*/episodes.jsonl") for line in open(run)]
alone = statistics.median(e["stage_ms"]["sim"] / e["steps"] for e in episodes)
print(f"without a window    {alone:.3f} ms a control step")
for speed in (1, 5, 1000):
    lines = [json.loads(line) for line in open(f"{sys.argv[1]}/window{speed}")]
    median = lambda name: statistics.median(l["value"] for l in lines if l["name"] == name)
    sim = median("view.sim")
    print(f"with one at {speed:>4}x  {sim:.3f} ms ({sim / alone - 1:+.1%}), {median('view.control_steps'):.2f} control"
          f" steps/s, {median('view.frames'):.1f} frames/s")
PY
