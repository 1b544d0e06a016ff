#!/usr/bin/env bash
# vega doctor names what is missing and fails on it, and only on it.   usage: doctor_test.sh PATH_OF_BINARY
set -uo pipefail

BINARY=$1
EMPTY=$(mktemp -d)
trap 'rm -rf "$EMPTY"' EXIT
failures=0

check() {  # WHAT COMMAND...
  "${@:2}" || { echo "FAILED: $1"; failures=$((failures + 1)); }
}
says() { grep -qE -e "$1" <<<"$OUT"; }

OUT=$("$BINARY" doctor)
check "a machine that is set up is well" test $? = 0
check "names the renderer" says '^(ok|warning) +renderer +.+'
check "a software renderer is named loudly" \
  eval '! says "renderer .*(llvmpipe|softpipe|swrast)" || says "^warning +renderer +SOFTWARE RENDERER"'
check "names MuJoCo's version" says '^ok +mujoco +3\.3\.2$'
check "sums up" says '^0 problems, [0-9]+ warnings$'

OUT=$(VEGA_HOME=$EMPTY "$BINARY" doctor)
check "missing data is a failure" test $? = 1
for folder in libero init_states assets robosuite minilm; do
  check "names the missing data.$folder" says "^problem +data\.$folder +$EMPTY.* is missing"
done
check "says what to do" says '-> .*run ./vega, which fetches it'

OUT=$(VEGA_HOME=$EMPTY "$BINARY" doctor --json)
check "fails with --json too" test $? = 1
check "prints JSON that says so" python3 -c 'import json, sys
report = json.loads(sys.argv[1])
assert not report["ok"]
assert any(c["name"] == "data.minilm" and c["status"] == "problem" and c["hint"] for c in report["checks"])' "$OUT"

((failures == 0)) && echo "doctor: every case passed"
exit $((failures > 0))
