#!/usr/bin/env bash
# Feeds the binary every kind of bad input a user can cause and asks for one clear line on stderr and an exit code
# that is neither 0 nor a signal's. Doctored data lies in a temporary folder that stands in for $VEGA_HOME.
#   tests/tools/bad_input.sh [VEGA]        VEGA defaults to build/vega; exit code 0 when all checks pass
# Tests of unwritable folders are skipped aloud for root, of full disks where a tmpfs cannot be mounted.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vega=$(realpath "${1:-$here/../../build/vega}")
home=${VEGA_HOME:-$HOME/.cache/vega}
tmp=$(mktemp -d)
trap 'umount "$tmp/full" 2>/dev/null; rm -rf "$tmp"' EXIT
suite=libero_spatial task=2
name=pick_up_the_black_bowl_from_table_center_and_place_it_on_the_plate
failed=0 count=0

# check LABEL PATTERN COMMAND...: one line on stderr that holds PATTERN (extended regex, any case), exit code 1..127
check() {
  local label=$1 pattern=$2 code lines
  shift 2
  timeout 120 "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  code=$?
  lines=$(wc -l <"$tmp/stderr")
  count=$((count + 1))
  if [ $code -gt 0 ] && [ $code -lt 124 ] && [ "$lines" = 1 ] && grep -qiE -- "$pattern" "$tmp/stderr"; then
    printf 'ok    %-34s exit %d: %s\n' "$label" $code "$(cat "$tmp/stderr")"
  else
    printf 'FAIL  %-34s exit %d, %d lines: %s\n' "$label" $code "$lines" "$(head -c 600 "$tmp/stderr")"
    failed=$((failed + 1))
  fi
}

# a home like the real one whose BDDL and init folders can be changed
relative=data/libero-pro-0.1.1/libero/libero
doctored() {
  mkdir -p "$tmp/home/$relative/bddl_files" "$tmp/home/$relative/init_files"
  local folder entry
  for folder in . data data/libero-pro-0.1.1 data/libero-pro-0.1.1/libero "$relative" "$relative/bddl_files" \
      "$relative/init_files"; do
    for entry in "$home/$folder"/*; do
      [ -e "$tmp/home/$folder/${entry##*/}" ] || ln -s "$entry" "$tmp/home/$folder/"
    done
  done
  for folder in bddl_files init_files; do
    rm "$tmp/home/$relative/$folder/$suite"
    cp -rL "$home/$relative/$folder/$suite" "$tmp/home/$relative/$folder/$suite"
  done
}
doctored
bddl=$tmp/home/$relative/bddl_files/$suite/$name.bddl
init=$tmp/home/$relative/init_files/$suite/$name.pruned_init.npz
pristine=$home/$relative/bddl_files/$suite/$name.bddl

# inputs: safetensors, good and bad, and an init file of another width
python3 - "$tmp" <<'PY'
import json, struct, sys, zipfile
d = sys.argv[1]
def tensors(path, shape, values, dtype="F64", header=None, tail=b""):
    data = struct.pack(f"<{len(values)}{'d' if dtype == 'F64' else 'q'}", *values)
    h = json.dumps(header or {"actions": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    open(f"{d}/{path}", "wb").write(struct.pack("<Q", len(h)) + h + data + tail)
noop = [0, 0, 0, 0, 0, 0, -1.0]
tensors("good.st", [2, 7], noop * 2)
tensors("nan.st", [2, 7], noop + [0, float("nan"), 0, 0, 0, 0, -1])
tensors("inf.st", [2, 7], noop + [float("inf"), 0, 0, 0, 0, 0, -1])
tensors("six.st", [2, 6], [0.0] * 12)
tensors("flat.st", [14], noop * 2)
tensors("integers.st", [2, 7], [0] * 14, dtype="I64")
tensors("noactions.st", None, noop, header={"act": {"dtype": "F64", "shape": [1, 7], "data_offsets": [0, 56]}})
tensors("beyond.st", None, noop, header={"actions": {"dtype": "F64", "shape": [1, 7], "data_offsets": [8, 64]}})
tensors("negative.st", None, noop, header={"actions": {"dtype": "F64", "shape": [1, 7], "data_offsets": [-56, 0]}})
tensors("size.st", None, noop, header={"actions": {"dtype": "F64", "shape": [100, 7], "data_offsets": [0, 56]}})
tensors("overflow.st", None, noop,
        header={"actions": {"dtype": "F64", "shape": [2**61, 7, 2**3], "data_offsets": [0, 56]}})
open(f"{d}/header.st", "wb").write(struct.pack("<Q", 2**62) + b"{}")
open(f"{d}/json.st", "wb").write(struct.pack("<Q", 8) + b"{\"a\": [[")
open(f"{d}/short.st", "wb").write(b"abc")
open(f"{d}/empty.st", "wb").close()
def npy(rows, width):
    h = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {width}), }}"
    h = h + " " * (-(len(h) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(h)) + h.encode() + bytes(8 * rows * width)
with zipfile.ZipFile(f"{d}/width.npz", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("states.npy", npy(50, 91))
PY

replay=("$vega" replay --suite "$suite" --task "$task" --init 0)
good=(--actions "$tmp/good.st" --out "$tmp/out.st")

check "unknown mode" "unknown mode" "$vega" evall
check "unknown flag" "--frobnicate" "$vega" eval --suite $suite --policy hold --frobnicate 1
check "unknown suite" "libero_spatiel.*libero_spatial" "$vega" replay --suite libero_spatiel --task 0 --init 0 "${good[@]}"
check "unknown suite (eval)" "libero_nope" "$vega" eval --suite libero_nope --policy hold --episodes 1 --out "$tmp/e"
check "unknown suite (describe)" "libero_nope" "$vega" describe --suite libero_nope --task 0 --out "$tmp/e"
check "task index out of range" "10|0.*9" "$vega" replay --suite $suite --task 10 --init 0 "${good[@]}"
check "negative task index" "-1" "$vega" replay --suite $suite --task=-1 --init 0 "${good[@]}"
check "unknown task name" "pick_up_the_black" "$vega" replay --suite $suite --task pick_up_the_black_bal --init 0 "${good[@]}"
check "unknown policy" "polic" "$vega" eval --suite $suite --tasks 0 --policy nope --episodes 1 --out "$tmp/e"
check "unknown render quality" "exact|fast" "$vega" eval --suite $suite --policy hold --render-quality blurred
check "bench of nothing" "subcommand" "$vega" bench
check "bench of an unknown suite" "libero_nope" "$vega" bench sim --suite libero_nope
check "bench of an unknown policy" "nope" "$vega" bench eval --policy nope
check "sheet that cannot be written" "nowhere" "$vega" bench render --task 0 --steps 1 --sheet "$tmp/nowhere/sheet.png"
check "negative patience" "patience" "$vega" eval --suite $suite --policy hold --patience=-1
check "more of a chunk than there is" "of which 9.*1 to 8" "$vega" eval --suite $suite --policy look --open-loop 9 --out "$tmp/e"
check "bad task list" "3-x" "$vega" eval --suite $suite --tasks 3-x --policy hold --episodes 1 --out "$tmp/e"
check "init state out of range" "50|49" "$vega" replay --suite $suite --task $task --init 50 "${good[@]}"
check "actions file missing" "nowhere.st" "${replay[@]}" --actions "$tmp/nowhere.st" --out "$tmp/out.st"
check "actions with NaN" "nan.st|finite|nan" "${replay[@]}" --actions "$tmp/nan.st" --out "$tmp/out.st"
check "actions with infinity" "finite|inf" "${replay[@]}" --actions "$tmp/inf.st" --out "$tmp/out.st"
check "actions [2,6]" "actions" "${replay[@]}" --actions "$tmp/six.st" --out "$tmp/out.st"
check "actions [14]" "actions" "${replay[@]}" --actions "$tmp/flat.st" --out "$tmp/out.st"
check "actions of integers" "actions" "${replay[@]}" --actions "$tmp/integers.st" --out "$tmp/out.st"
check "no tensor named actions" "actions" "${replay[@]}" --actions "$tmp/noactions.st" --out "$tmp/out.st"
for kind in beyond negative size overflow header json short empty; do
  check "safetensors: $kind" "$kind.st" "${replay[@]}" --actions "$tmp/$kind.st" --out "$tmp/out.st"
done

touch "$tmp/file"

# towers: flags, folders and files that do not fit
model=$here/../fixtures/agent/wan_t2v
clip=(--clip "$model/clip.safetensors")
tower=("$vega" features --tower wan_t2v --out "$tmp/out.st")
fixture=("${clip[@]}" --weights "$model/model" --block 1 --size 24x16)
if ! "$vega" features --clip "$tmp/nowhere.st" --out "$tmp/out.st" 2>&1 | grep -q "no LibTorch"; then
  check "unknown tower" "wan_t3v" "$vega" features --tower wan_t3v --out "$tmp/out.st" --clip "$model/clip.safetensors"
  check "weights folder missing" "nowhere" "${tower[@]}" "${clip[@]}" --weights "$tmp/nowhere"
  check "weights folder of something else" "no Wan2.1 model" "${tower[@]}" "${clip[@]}" --weights "$tmp"
  check "block beyond the last" "block 9.*0..2" "${tower[@]}" "${clip[@]}" --weights "$model/model" --size 24x16 --block 9
  check "size that is no size" "24by16" "${tower[@]}" "${clip[@]}" --weights "$model/model" --block 1 --size 24by16
  check "size between tokens" "25x16" "${tower[@]}" "${clip[@]}" --weights "$model/model" --block 1 --size 25x16
  check "unknown dtype" "fp8" "${tower[@]}" "${fixture[@]}" --dtype fp8
  check "unknown preset" "main-4d" "${tower[@]}" "${fixture[@]}" --preset main-4d
  check "clip without frames" "frames" "${tower[@]}" --clip "$tmp/good.st" --weights "$model/model" --block 1 --size 24x16
  check "noise of another shape" "noise" "${tower[@]}" "${fixture[@]}" --noise "$model/noise.safetensors"
  check "prompt without an encoder" "text encoder" "${tower[@]}" "${fixture[@]}" --prompt "a cup"
  check "tower flag without a tower" "--pool" "$vega" features --clip "$model/clip.safetensors" --out "$tmp/out.st" --pool 2
  check "further block behind the last" "block 1 .*block 1" "${tower[@]}" "${fixture[@]}" --also-blocks 0,1
  check "stream of no tolerance" "stream" "${tower[@]}" "${fixture[@]}" --stream -1
  check "stream without a tower" "--stream" "$vega" features --clip "$model/clip.safetensors" --out "$tmp/out.st" --stream 0
  check "pictures below a file" "$tmp/file" "${tower[@]}" "${fixture[@]}" --pictures "$tmp/file/pictures"
  cp -r "$model/model" "$tmp/model"
  head -c 9000 "$model/model/vae/diffusion_pytorch_model-00001-of-00004.safetensors" >"$tmp/model/vae/diffusion_pytorch_model-00001-of-00004.safetensors"
  check "shard cut off" "00001-of-00004" "${tower[@]}" "${clip[@]}" --weights "$tmp/model" --block 1 --size 24x16
  rm "$tmp/model/transformer/config.json"
  check "configuration missing" "config.json" "${tower[@]}" "${clip[@]}" --weights "$tmp/model" --block 1 --size 24x16
fi

# BDDL and init files of a doctored home
export VEGA_HOME=$tmp/home
broken() {
  check "$1" "$2" "${replay[@]}" "${good[@]}"
  cp "$pristine" "$bddl"
}
head -c 700 "$pristine" >"$bddl"; broken "truncated BDDL" "bddl:[0-9]+"
head -c 4000 /dev/urandom >"$bddl"; broken "garbled BDDL" "bddl"
: >"$bddl"; broken "empty BDDL" "bddl"
sed '0,/)/s///' "$pristine" >"$bddl"; broken "a parenthesis too few" "bddl:[0-9]+"
{ cat "$pristine"; echo ")"; } >"$bddl"; broken "a parenthesis too many" "bddl:[0-9]+"
sed 's/(:obj_of_interest/(:moon/' "$pristine" >"$bddl"; broken "unknown section" "moon"
sed -E '/\(:goal/,$ s/\(On /(Beside /' "$pristine" >"$bddl"; broken "unknown predicate" "beside"
sed -E '/\(:goal/,$ s/plate_1/plate_9/' "$pristine" >"$bddl"; broken "unknown object in the goal" "plate_9"
sed -E '/\(:init/,/\(:goal/ s/main_table_plate_region/main_table_moon_region/' "$pristine" >"$bddl"; broken "unknown region in the init" "moon_region"
sed -E 's/- cookies/- cookiez/' "$pristine" >"$bddl"; broken "unknown category" "cookiez"
sed -E 's/LIBERO_Tabletop_Manipulation/LIBERO_Moon_Manipulation/' "$pristine" >"$bddl"; broken "unknown problem class" "moon"
cp "$tmp/width.npz" "$init"; check "init file of another width" "91" "${replay[@]}" "${good[@]}"
head -c 3000 "$home/${init#"$tmp/home/"}" >"$init"; check "truncated init file" "npz" "${replay[@]}" "${good[@]}"
rm "$init"; check "init file missing" "no initial states" "${replay[@]}" "${good[@]}"
export VEGA_HOME=$tmp/empty
mkdir -p "$VEGA_HOME"
check "home without data" "vega|data" "${replay[@]}" "${good[@]}"
export VEGA_HOME=$home

# the expert, suites to check, problems to make
check "expert's variation out of range" "0 to 1" "$vega" eval --suite $suite --tasks 0 --policy expert:2 --episodes 1 --out "$tmp/e1"
check "suite mode without a verb" "subcommand" "$vega" suite
check "unknown suite (suite verify)" "libero_goal" "$vega" suite verify --suite libero_gaol
mkdir "$tmp/no_bddl"
check "folder without problems" "no .bddl" "$vega" suite verify --suite "$tmp/no_bddl"
check "findings that cannot be written" "nowhere" "$vega" suite verify --suite $suite --tasks 0 --out "$tmp/nowhere/f.json"
check "generate from LIBERO-PRO" "stays a test" "$vega" generate --out "$tmp/g1" --from libero_goal_swap --count 1
check "generate into another folder" "something else" "$vega" generate --out "$tmp" --from libero_goal --count 1
mkdir "$tmp/g2" && echo '{' >"$tmp/g2/generate.json"
check "generate: manifest garbled" "not valid JSON" "$vega" generate --out "$tmp/g2" --from libero_goal --count 1

# places that cannot be written
check "out folder missing (replay)" "nowhere" "${replay[@]}" --actions "$tmp/good.st" --out "$tmp/nowhere/out.st"
check "out below a file (eval)" "$tmp/file" "$vega" eval --suite $suite --tasks 0 --policy hold --episodes 1 --out "$tmp/file/run"
check "out below a file (describe)" "$tmp/file" "$vega" describe --suite $suite --task 0 --out "$tmp/file/run"
check "out on a read-only system" "/proc" "$vega" eval --suite $suite --tasks 0 --policy hold --episodes 1 --out /proc/vega

# probes
probe=("$vega" probe correspondence --scenes 1 --views 2)
check "probe without a kind" "subcommand" "$vega" probe
check "unknown probe" "subcommand" "$vega" probe moonlight
check "unknown suite (probe)" "libero_nope" "${probe[@]}" --suite libero_nope
check "more scenes than tasks" "10 tasks" "$vega" probe correspondence --suite $suite --scenes 11
check "unknown tower (probe)" "vega-huge" "${probe[@]}" --towers vega-huge,pixels
check "control of an unknown tower" "nothing" "${probe[@]}" --towers noise-only:nothing
check "voxel of no size" "voxel" "${probe[@]}" --voxel 0
check "out below a file (probe)" "$tmp/file" "${probe[@]}" --towers pixels --out "$tmp/file/probe"

check "too few scenes (probe)" "3 scenes" "$vega" probe spatial --suite $suite --scenes 1 --views 2 --towers pixels
check "too few folds (probe)" "folds" "$vega" probe grounding --suite $suite --scenes 3 --folds 2

mkdir "$tmp/full"
if mount -t tmpfs -o size=16k tmpfs "$tmp/full" 2>/dev/null; then
  head -c 12k /dev/zero >"$tmp/full/ballast"
  check "disk full (replay)" "full/|space" "${replay[@]}" --actions "$tmp/good.st" --out "$tmp/full/out.st"
  check "disk full (eval)" "full/|space" "$vega" eval --suite $suite --tasks 0 --policy hold --episodes 1 --out "$tmp/full/run"
  check "disk full (describe)" "full/|space" "$vega" describe --suite $suite --task 0 --out "$tmp/full/scene"
else
  echo "skip  disk full: a tmpfs cannot be mounted here"
fi
if [ "$(id -u)" != 0 ]; then
  mkdir "$tmp/locked" && chmod 555 "$tmp/locked"
  check "unwritable folder (eval)" "locked" "$vega" eval --suite $suite --tasks 0 --policy hold --episodes 1 --out "$tmp/locked/run"
else
  echo "skip  unwritable folder: root may write anywhere; the read-only checks stand in for it"
fi
# data sets: no file, none of the kind, cut, of other conventions, contradictory flags, places that cannot be written
collect=("$vega" collect --suite libero_object --tasks 0 --episodes 1 --policy hold --all-outcomes --max-steps 2 --image 16)
"${collect[@]}" --out "$tmp/set.hdf5" >/dev/null 2>&1
head -c 20000 "$tmp/set.hdf5" >"$tmp/cut.hdf5"
head -c 4000 /dev/urandom >"$tmp/noise.hdf5"
check "data set missing" "nowhere.hdf5.*no such file" "$vega" dataset info "$tmp/nowhere.hdf5"
check "data set is a folder" "not a file" "$vega" dataset info "$tmp"
check "data set garbled" "not an HDF5 file" "$vega" dataset validate "$tmp/noise.hdf5"
check "data set truncated" "cut.hdf5.*(cut|truncated)" "$vega" dataset stats "$tmp/cut.hdf5"
check "no verb" "subcommand" "$vega" dataset
check "replay of a demo that is not there" "--demos.*within 0 to 0" "$vega" dataset replay "$tmp/set.hdf5" --by state --demos 3
check "half a declaration" "give both" "$vega" dataset info "$tmp/set.hdf5" --images top
check "convert what is ours already" "already" "$vega" dataset convert "$tmp/set.hdf5" --to hdf5 --out "$tmp/again.hdf5"
check "convert onto a file" "there already" "$vega" dataset convert "$tmp/set.hdf5" --to lerobot --out "$tmp/set.hdf5"
check "collect onto a file" "there already" "${collect[@]}" --out "$tmp/set.hdf5"
check "collect: resume nothing" "no collection to resume" "${collect[@]}" --out "$tmp/fresh.hdf5" --resume
check "collect: resume with another seed" "seed.*0, not 1" "${collect[@]}" --out "$tmp/set.hdf5" --resume --seed 1
check "collect: resume with other places" "scatter.*0.0, not 0.1" "${collect[@]}" --out "$tmp/set.hdf5" --resume --scatter 0.1
check "collect: scattered over 2 m" "scatter.*range" "${collect[@]}" --out "$tmp/x.hdf5" --scatter 2
check "collect: contradictory flags" "exclude each other" "${collect[@]}" --out "$tmp/x.hdf5" --keep-noops --filter-noops
check "collect: two noises" "both disturb" "$vega" collect --suite libero_object --policy expert:0.5 --noise 0.2 --out "$tmp/x.hdf5"
check "collect: picture of 7 px" "image" "$vega" collect --suite libero_object --image 7 --out "$tmp/x.hdf5"
# packs: no data set, sizes and choices that do not fit, places that are taken, no pack
pack=("$vega" dataset pack "$tmp/set.hdf5" --samples 1 --size 16 --held-out 0)
"${pack[@]}" --out "$tmp/pack" >/dev/null 2>&1
check "pack of nothing" "nowhere.hdf5.*no such file" "$vega" dataset pack "$tmp/nowhere.hdf5" --out "$tmp/p"
check "pack of odd size" "whole cells" "$vega" dataset pack "$tmp/set.hdf5" --out "$tmp/p" --size 18
check "pack by number and by step" "excludes" "${pack[@]}" --out "$tmp/p" --every 2
check "pack of an unknown camera" "frontview" "${pack[@]}" --out "$tmp/p2" --cameras front
check "pack onto a pack" "there already" "${pack[@]}" --out "$tmp/pack"
check "pack: resume with another size" "image_size: 16, not 32" "$vega" dataset pack "$tmp/set.hdf5" --samples 1 --size 32 --held-out 0 --out "$tmp/pack" --resume
check "pack: resume nothing" "no pack to resume" "${pack[@]}" --out "$tmp/p3" --resume
mkdir -p "$tmp/half" && echo '{}' >"$tmp/half/packing.json"
check "pack that is not finished" "not finished" "$vega" dataset info "$tmp/half"
# comparing: no run, runs of other episodes
check "compare: no run" "not the folder of a run" "$vega" compare "$tmp/nowhere" "$tmp/pack"
# training: recipes that are none, packs that are not there
recipe() { echo "$2" >"$tmp/$1.json"; echo "$tmp/$1.json"; }
check "ablation missing" "nowhere.json" "$vega" ablate "$tmp/nowhere.json"
check "ablation garbled" "not a JSON object" "$vega" ablate "$tmp/noise.hdf5"
check "ablation without a base" "names no base" "$vega" ablate "$(recipe nobase '{"arms": [{"name": "a"}]}')"
check "ablation: base missing" "is no checkpoint" "$vega" ablate "$(recipe gone '{"base": "/nowhere", "arms": [{"name": "a"}]}')"
check "unknown shift" "unknown shift 'zoom=1'" "$vega" eval --suite $suite --policy hold --shift zoom=1
check "recipe missing" "nowhere.json" "$vega" train "$tmp/nowhere.json"
check "recipe garbled" "not a JSON object" "$vega" train "$tmp/noise.hdf5"
check "recipe without stages" "has no stages" "$vega" train "$(recipe bare '{"name": "x"}')"
check "recipe: unknown key" "unknown key 'lr' in .*stages\[0\]" "$vega" train \
  "$(recipe key '{"stages": [{"stage": "vae", "packs": ["a"], "lr": 1}]}')"
check "recipe: unknown stage" "stages\[0\].stage.*vae, world, semantic, policy" "$vega" train \
  "$(recipe stage '{"stages": [{"stage": "vea", "packs": ["a"]}]}')"
check "recipe: nothing to learn from" "packs is not usable" "$vega" train "$(recipe packs '{"stages": [{"stage": "vae"}]}')"
check "recipe: an agent that does not fit" "do not fit together" "$vega" train \
  "$(recipe agent '{"agent": {"head": {"num_tokens": 3}}, "stages": [{"stage": "vae", "packs": ["a"]}]}')"
check "recipe: an encoder whose levels do not fit" "patch_size to 8" "$vega" train \
  "$(recipe levels '{"agent": {"model": {"semantic": {"widths": [8, 16], "depths": [0, 1], "patch_size": 16}}},
    "stages": [{"stage": "vae", "packs": ["a"]}]}')"
check "train: no such pack" "no pack.json" "$vega" train \
  "$(recipe nopack '{"stages": [{"stage": "policy", "packs": ["a"]}]}')" --data "$tmp" --out "$tmp/run-nopack"
check "train: the folder holds a run" "already holds a run.*--resume" "$vega" train "$tmp/nopack.json" --data "$tmp" --out "$tmp/run-nopack"
# the window: what is asked of it is looked at before a display is
check "window: no such run" "nowhere is not the folder of a run" "$vega" view --run "$tmp/nowhere"
check "window: data set garbled" "not an HDF5 file" "$vega" view --dataset "$tmp/noise.hdf5"
check "window: no such demonstration" "has no demonstration 7" "$vega" view --dataset "$tmp/set.hdf5" --episode 7
check "window: an episode of nothing" "--episode needs" "$vega" view --episode 2
if command -v xvfb-run >/dev/null; then
  # xvfb-run has words of its own
  under() {
    xvfb-run -a "$@" 2>&1 >/dev/null | grep -v "^xvfb-run:" >&2
    return "${PIPESTATUS[0]}"
  }
  export -f under
  check "window: no OpenGL" "no OpenGL window can be opened" bash -c 'under -s "-extension GLX" "$0" view' "$vega"
  check "window: OpenGL too old" "OpenGL is 1.4" bash -c 'MESA_GL_VERSION_OVERRIDE=1.4 under "$0" view' "$vega"
fi
check "window: no display" "no window can be opened.*xvfb-run" env -u DISPLAY -u WAYLAND_DISPLAY "$vega" view
echo "$((count - failed)) of $count bad inputs answered with one clear line"
[ $failed = 0 ]
