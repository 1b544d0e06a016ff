#!/usr/bin/env bash
# How memory of the window moves over many switches of the task: a line every twenty, then the growth over the later half
# as MB a switch.
#   tests/tools/window_leaks.sh [SWITCHES] [SUITE]      200 and libero_goal unless given
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 - "${1:-200}" >"$tmp/script.json" <<'PY'
import json, sys
entries = [{"wait_for": "step 0"}]
for switch in range(1, int(sys.argv[1]) + 1):
    entries += [{"key": "PageDown" if switch % 20 < 10 else "PageUp"}, {"wait": 2}, {"wait_for": "idle"}, {"wait": 2}]
    if switch % 20 == 0:
        entries.append({"measure": 0})
print(json.dumps(entries))
PY
run=("$root/build/vega" view --suite "${2:-libero_goal}" --policy hold --script "$tmp/script.json")
"$root/tests/viewer/under_xvfb.sh" "${run[@]}" | tee "$tmp/lines"
python3 - "$tmp/lines" <<'PY'
import json, sys
mb = [json.loads(line)["value"] for line in open(sys.argv[1]) if "view.resident" in line]
half = len(mb) // 2
print(f"{(mb[-1] - mb[half]) / (20 * (len(mb) - 1 - half)):.3f} MB a switch over the later half")
PY
