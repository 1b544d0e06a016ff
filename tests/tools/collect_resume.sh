#!/usr/bin/env bash
# Shows that `vega collect` depends neither on the number of workers nor on being killed: the same demonstrations, byte for
# byte, from one worker, two workers, and a run ended with SIGKILL in the middle and resumed.
#   tests/tools/collect_resume.sh [-n EPISODES] [-t TASKS] [-s SUITE] [VEGA]      VEGA defaults to build/vega
# Needs the Debian package hdf5-tools.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
episodes=2 tasks=0-1 suite=libero_object
while getopts n:t:s: flag; do
  case $flag in
    n) episodes=$OPTARG ;; t) tasks=$OPTARG ;; s) suite=$OPTARG ;; *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
vega=${1:-$here/../../build/vega}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags=(--suite "$suite" --tasks "$tasks" --episodes "$episodes" --policy random --all-outcomes --max-steps 4 --image 16 --seed 3)
run() { "$vega" collect "${flags[@]}" --out "$tmp/$1.hdf5" "${@:2}" >"$tmp/$1.log" 2>&1; }
# every demo with its pictures and attributes
facts() {
  local demo
  for demo in $(h5ls "$tmp/$1.hdf5/data" | cut -d ' ' -f 1); do h5dump -g "/data/$demo" "$tmp/$1.hdf5" | tail -n +2; done
}

run one --workers 1
facts one >"$tmp/one.facts"
echo "one worker: $(grep -c 'GROUP "/data/demo_' "$tmp/one.facts") demonstrations"
run two --workers 2
facts two | cmp "$tmp/one.facts" - && echo "two workers: equal"
"$vega" collect "${flags[@]}" --out "$tmp/killed.hdf5" --workers 2 >"$tmp/killed.log" 2>&1 &
pid=$!
for _ in $(seq 1200); do
  [ "$(find "$tmp/killed.hdf5.parts" -name '*.hdf5' 2>/dev/null | wc -l)" -ge 2 ] && break
  sleep 0.05
done
kill -KILL $pid
wait $pid 2>/dev/null || true
[ ! -e "$tmp/killed.hdf5" ]
echo "killed after $(find "$tmp/killed.hdf5.parts" -name '*.hdf5' | wc -l) episodes"
run killed --workers 2 --resume
facts killed | cmp "$tmp/one.facts" - && echo "killed and resumed: equal, no demonstration lost or doubled"
