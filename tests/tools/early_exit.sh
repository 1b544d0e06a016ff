#!/usr/bin/env bash
# Is stopping after block K bit-equal to running on? Runs a Wan2.1 folder at 480x480, one frame, once to each K and once
# to its last block with those on the way, and compares every token.
#
#   tests/tools/early_exit.sh DIR [K...]      DIR as for vega features --weights; 10 and 20 unless K are given
#
# python bench/compare_features.py --weights DIR writes random weights of the published size where DIR does not exist.
set -euo pipefail
dir=${1:?a folder of weights}
shift
blocks=("${@:-10 20}")
read -ra blocks <<<"${blocks[*]}"
vega=$(dirname "$0")/../../build/vega
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 - "$tmp/clip.safetensors" <<'PY'
import json, random, struct, sys
random.seed(0)
pixels = random.randbytes(480 * 480 * 3)
header = json.dumps({"frames": {"dtype": "U8", "shape": [1, 480, 480, 3], "data_offsets": [0, len(pixels)]}}).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(header)) + header + pixels)
PY
run=("$vega" features --tower wan_t2v --weights "$dir" --clip "$tmp/clip.safetensors" --size 480x480 --threads 1)
/usr/bin/time -f "last block: %e s, %M KB resident at most" \
  "${run[@]}" --block -1 --also-blocks "$(IFS=,; echo "${blocks[*]}")" --out "$tmp/whole.safetensors"
for k in "${blocks[@]}"; do
  /usr/bin/time -f "block $k: %e s, %M KB resident at most" "${run[@]}" --block "$k" --out "$tmp/cut.safetensors"
  python3 - "$tmp" "$k" <<'PY'
import json, struct, sys
folder, k = sys.argv[1:]
def read(name, tensor):
    data = open(f"{folder}/{name}.safetensors", "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    begin, end = json.loads(data[8:8 + size])[tensor]["data_offsets"]
    return data[8 + size + begin:8 + size + end]
equal = read("cut", "tokens") == read("whole", f"tokens_{k}")
print(f"block {k}: {'bit-equal' if equal else 'NOT EQUAL'}, {len(read('cut', 'tokens'))} bytes of tokens")
sys.exit(not equal)
PY
done
