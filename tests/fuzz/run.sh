#!/usr/bin/env bash
# Runs every libFuzzer target of a build folder for some seconds each, from real files as seeds.
#   tests/fuzz/run.sh BUILD_DIR SECONDS
# A crash, leak, undefined behaviour or slow input (> 5 s) ends it with a non-zero exit; that input is kept in
# BUILD_DIR/corpus.
set -euo pipefail
build=${1:?usage: run.sh BUILD_DIR SECONDS}
seconds=${2:?usage: run.sh BUILD_DIR SECONDS}
libero=${VEGA_HOME:-$HOME/.cache/vega}/data/libero-pro-0.1.1/libero/libero
fixtures=$(dirname "$0")/../fixtures

seeds() {
  case $1 in
    bddl) find "$libero"/bddl_files/libero_{goal,10_swap} -name '*.bddl' ;;
    init_states) find "$fixtures" "$libero"/init_files/libero_goal -name '*.npz' -o -name '*.pruned_init' ;;
    safetensors) find "$fixtures" -name '*.safetensors' -size -64k ;;
  esac
}

for target in safetensors bddl init_states; do
  corpus=$build/corpus/$target
  mkdir -p "$corpus"
  seeds "$target" 2>/dev/null | head -n 20 | xargs -r cp -t "$corpus" || true
  echo "fuzz $target: $seconds s from $(find "$corpus" -type f | wc -l) inputs"
  log=$build/corpus/$target.log
  if ! "$build/fuzz_$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 \
      -artifact_prefix="$build/corpus/$target-" "$corpus" >"$log" 2>&1; then
    grep -E 'ERROR|SUMMARY|runtime error' "$log" || tail -n 5 "$log"
    echo "fuzz $target: failed; its input and log are in $build/corpus" >&2
    exit 1
  fi
  grep '^Done' "$log"
done
