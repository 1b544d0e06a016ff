#!/usr/bin/env bash
# Compares fast with exact pictures of every task of the base suites, both cameras: PSNR, times, and a contact sheet a
# suite (exact left, fast right of each pair) in OUT.
#   bench/picture_quality.sh OUT [VEGA]        VEGA defaults to build/vega
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?give a folder for the contact sheets}
vega=${2:-$here/../build/vega}
mkdir -p "$out"
for suite in libero_spatial libero_object libero_goal libero_10 libero_90; do
  "$vega" bench render --suite $suite --tasks "" --steps 1 --sheet "$out/$suite.png"
done | tee "$out/figures.jsonl" | python3 -c '
import json, sys
psnr, exact, fast = [], 0, 0
for line in sys.stdin:
    f = json.loads(line)
    if f["name"] == "render.fast_psnr":
        psnr.append((f["min"], f["max"], f["suite"], f["task"]))
        print("{suite} {task}: {min:.1f} to {max:.1f} dB".format(**f), file=sys.stderr)
values = [v for p in psnr for v in p[:2]]
worst = min(psnr)
print(f"{len(psnr)} tasks: mean {sum(values) / len(values):.2f} dB, worst {worst[0]:.2f} dB ({worst[2]} task {worst[3]})")
'
