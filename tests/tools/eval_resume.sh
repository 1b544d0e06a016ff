#!/usr/bin/env bash
# Shows that `vega eval` depends neither on the number of workers nor on being killed: the same episodes and final
# state hashes from one worker, two workers, and a run ended with SIGKILL in the middle and resumed.
#   tests/tools/eval_resume.sh [-n EPISODES] [-t TASKS] [-p POLICY] [-s SUITE] [VEGA]     VEGA defaults to build/vega
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
episodes=3 tasks=0-1 policy=random suite=libero_spatial
while getopts n:t:p:s: flag; do
  case $flag in
    n) episodes=$OPTARG ;; t) tasks=$OPTARG ;; p) policy=$OPTARG ;; s) suite=$OPTARG ;; *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
vega=${1:-$here/../../build/vega}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags=(--suite "$suite" --tasks "$tasks" --episodes "$episodes" --policy "$policy" --seed 3)
run() {
  local out=$1
  shift
  "$vega" eval "${flags[@]}" --out "$tmp/$out" "$@" >"$tmp/$out.log" 2>&1
}
# what must not change: everything but times and order
facts() {
  python3 - "$tmp/$1/episodes.jsonl" <<'PY'
import json, sys
for line in sorted(open(sys.argv[1])):
    e = json.loads(line)
    print(*(e[k] for k in ("suite", "task", "init", "seed", "outcome", "steps", "state_hash")))
PY
}

run one --workers 1
facts one | sort >"$tmp/one.facts"
echo "one worker: $(wc -l <"$tmp/one.facts") episodes"
run again --workers 1
facts again | sort | diff "$tmp/one.facts" - && echo "again: equal"
run two --workers 2
facts two | sort | diff "$tmp/one.facts" - && echo "two workers: equal"

"$vega" eval "${flags[@]}" --out "$tmp/killed" --workers 2 >"$tmp/killed.log" 2>&1 &
pid=$!
target=$(($(wc -l <"$tmp/one.facts") / 2))
for _ in $(seq 600); do
  [ "$(wc -l 2>/dev/null <"$tmp/killed/episodes.jsonl" || echo 0)" -ge "$target" ] && break
  sleep 0.1
done
kill -KILL $pid
wait $pid 2>/dev/null || true
echo "killed after $(wc -l <"$tmp/killed/episodes.jsonl") of $(wc -l <"$tmp/one.facts") episodes"
run killed --workers 2 --resume
facts killed | sort | diff "$tmp/one.facts" - && echo "killed and resumed: equal, no duplicate, no loss"
