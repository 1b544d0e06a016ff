#!/usr/bin/env bash
# Runs the script `vega` in a small repository of its own, with fakes for pip, apt, cmake and ninja: nothing is fetched
# from anywhere, installed or compiled.   usage: bootstrap_test.sh PATH_OF_VEGA
set -uo pipefail

VEGA=$(readlink -f "$1")
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
failures=0

fake() {  # NAME: a program in PATH before the real one; its text comes on stdin
  { echo '#!/usr/bin/env bash'; cat; } >"$TMP/bin/$1"
  chmod +x "$TMP/bin/$1"
}

make_wheel() {  # NAME VERSION FILE...: adds a wheel to the fake index, prints its sha256
  local name=$1 version=$2 file
  rm -rf "$TMP/wheel" && mkdir -p "$TMP/wheel"
  for file in "${@:3}"; do
    mkdir -p "$TMP/wheel/$(dirname "$file")"
    echo "content of $file" >"$TMP/wheel/$file"
  done
  (cd "$TMP/wheel" && python3 -m zipfile -c "$TMP/index/$name-$version-py3-none-any.whl" ./*)
  sha256sum "$TMP/index/$name-$version-py3-none-any.whl" | cut -d ' ' -f 1
}

fake_pip() {  # does as the file "mode" says
  fake python3 <<PIP
TMP=$TMP
$(cat <<'PIP_BODY'
[[ $3 != --version ]] || exit 0
spec=$4 to=$6
wheel=$(ls "$TMP/index/$(tr - _ <<<"${spec%==*}")-${spec#*==}"-*.whl)
echo "fetch $spec" >>"$TMP/calls"
case $(<"$TMP/mode") in
  ok) cp "$wheel" "$to" ;;
  slow) sleep 0.3; cp "$wheel" "$to" ;;
  hang) sleep 1.5; exit 1 ;;
  corrupt) echo garbage >"$to/${wheel##*/}" ;;
  cut)
    head -c 20 "$wheel" >"$to/${wheel##*/}.part"
    echo "WARNING: Retrying after connection broken" >&2
    echo "ERROR: Connection broken: IncompleteRead(20 bytes read)" >&2
    exit 1
    ;;
  cut-third)
    [[ $spec != more-* ]] || exit 1
    cp "$wheel" "$to"
    ;;
  full)
    echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device" >&2
    exit 1
    ;;
esac
PIP_BODY
)
PIP
}

fresh() {  # a repository and an empty VEGA_HOME
  rm -rf "${TMP:?}"/{repo,home,bin,calls,mode}
  mkdir -p "$TMP"/{repo/cmake,bin}
  cp "$VEGA" "$TMP/repo/vega"
  printf '# comment\nalpha\nbeta\n' >"$TMP/repo/cmake/packages.txt"
  cp "$TMP/index/wheels.txt" "$TMP/repo/cmake/wheels.txt"
  touch "$TMP/calls"
  echo ok >"$TMP/mode"
  fake dpkg-query <<<'printf "alpha=installed beta=installed "'
  fake apt-get <<<"echo apt-get \$* >>$TMP/calls"
  fake cmake <<<"echo cmake >>$TMP/calls; mkdir -p build; touch build/build.ninja"
  fake ninja <<<"echo ninja >>$TMP/calls; printf '#!/bin/sh\necho ran \$*\n' >vega; chmod +x vega"
  ln -sf "$(command -v true)" "$TMP/bin/c++"
  fake_pip
}

run() {  # COMMAND...: in the environment of the tests
  PATH=$TMP/bin:$PATH VEGA_HOME=$TMP/home VEGA_PRESET= VEGA_CUDA=${CUDA:-0} "$@" </dev/null
}

vega() {  # sets STATUS, OUT and ERR (without the lines that tell the progress)
  local err
  err=$(mktemp -p "$TMP")
  OUT=$(run "$TMP/repo/vega" "$@" 2>"$err")
  STATUS=$?
  ERR=$(grep -vE '^vega: (fetching|installing|configuring|waiting)' "$err")
}

check() {  # WHAT COMMAND...
  if ! "${@:2}"; then
    echo "FAILED: $CASE: $1 (status $STATUS, stdout '$OUT', stderr '$ERR')"
    failures=$((failures + 1))
  fi
}
one_line() { ((STATUS != 0)) && [[ $(wc -l <<<"$ERR") == 1 && $ERR == vega:*"$1"* ]]; }
works() { ((STATUS == 0)) && [[ $OUT == "ran $1" ]]; }
calls() { [[ $(grep -c "$1" "$TMP/calls") == "$2" ]]; }
there() { [[ -e $TMP/home/$1 ]]; }
gone() { [[ ! -e $TMP/home/$1 ]]; }

mkdir -p "$TMP/index"
{
  echo "# comment"
  echo "deps/engine-1 engine 1.0 1 $(make_wheel engine 1.0 engine/lib.so engine/extra.py) engine/*.so"
  echo "data/scenes-2 scenes 2.0 1 $(make_wheel scenes 2.0 scenes/a.xml)"
  echo "data/scenes-2 more-scenes 2.1 1 $(make_wheel more_scenes 2.1 scenes/b.xml)"
  echo "deps/cuda-9 cuda 9.0 1 $(make_wheel cuda 9.0 nvidia/lib/libcuda.so)"
} >"$TMP/index/wheels.txt"

CASE="first run"; fresh
vega eval --help
check "runs the program with its arguments" works "eval --help"
check "unpacks what is kept" there deps/engine-1/engine/lib.so
check "leaves out what is not" gone deps/engine-1/engine/extra.py
check "unpacks a folder of two wheels together" there data/scenes-2/scenes/b.xml
check "fetches no CUDA without a GPU" gone deps/cuda-9
check "deletes the wheels" gone wheels

CASE="second run"
: >"$TMP/calls"
vega eval
check "runs the program" works eval
check "calls no tool at all" calls . 0

CASE="a source changed"
mkdir -p "$TMP/repo/sim" && touch "$TMP/repo/sim/new.cc"
vega eval
check "builds" calls ninja 1
check "does not fetch" calls fetch 0

CASE="cut download"; fresh; echo cut >"$TMP/mode"
vega eval
check "is one line" one_line "cannot fetch engine 1.0"
check "says why" one_line "IncompleteRead"
check "leaves no folder" gone deps/engine-1
echo ok >"$TMP/mode"; vega eval
check "recovers" works eval

CASE="cut in the middle of a folder"; fresh; echo cut-third >"$TMP/mode"
vega eval
check "is one line" one_line "cannot fetch more-scenes"
check "leaves no half folder" gone data/scenes-2
echo ok >"$TMP/mode"; vega eval
check "recovers" works eval
check "fetches nothing twice" calls "fetch scenes" 1

CASE="wrong checksum"; fresh; echo corrupt >"$TMP/mode"
vega eval
check "is one line" one_line "engine 1.0 has sha256"
check "leaves no folder" gone deps/engine-1
check "throws the wheel away" gone wheels/engine-1.0.whl
echo ok >"$TMP/mode"; vega eval
check "recovers" works eval

CASE="disk full while fetching"; fresh; echo full >"$TMP/mode"
vega eval
check "is one line" one_line "No space left on device"
echo ok >"$TMP/mode"; vega eval
check "recovers" works eval

CASE="too little disk to begin with"; fresh
fake df <<<'printf "Filesystem 1048576-blocks Used Available Capacity Mounted\nx 9 9 0 99%% /\n"'
vega eval
check "is one line that says how much" one_line "deps/engine-1 needs 1 MB"
check "fetches nothing" calls fetch 0
rm "$TMP/bin/df"; vega eval
check "recovers" works eval

CASE="disk full while unpacking"; fresh
fake unzip <<<'echo "lib.so: write error (disk full?)." >&2; exit 50'
vega eval
check "is one line" one_line "cannot unpack engine 1.0"
check "leaves no folder" gone deps/engine-1
rm "$TMP/bin/unzip"; vega eval
check "recovers" works eval
check "keeps the checked wheel" calls "fetch engine" 1

CASE="interrupted"; fresh; echo hang >"$TMP/mode"
run timeout -s INT 0.5 "$TMP/repo/vega" eval >/dev/null 2>&1
check "leaves no folder" gone deps/engine-1
echo ok >"$TMP/mode"; vega eval
check "recovers" works eval

CASE="killed"; fresh; echo hang >"$TMP/mode"
run timeout -s KILL 0.5 "$TMP/repo/vega" eval >/dev/null 2>&1
echo ok >"$TMP/mode"; vega eval
check "recovers" works eval

CASE="two first runs at once"; fresh; echo slow >"$TMP/mode"
(vega eval; works eval) & other=$!
vega eval
check "the one works" works eval
check "the other works" wait "$other"
check "each wheel is fetched once" calls fetch 3

CASE="no compiler"; fresh
CXX=no-such-compiler vega eval
check "is one line" one_line "no C++ compiler: no-such-compiler"
vega eval
check "recovers" works eval

CASE="cmake fails"; fresh
fake cmake <<<'printf "CMake Error at x.cmake:1 (message):\n  the engine is gone\n\n\nConfiguring incomplete\n" >&2; exit 1'
vega eval
check "is one line with cmake's reason" one_line "the engine is gone"

CASE="the build fails"; fresh
fake ninja <<<'echo "x.cc:1: error: no"; exit 1'
vega eval
check "fails" test "$STATUS" != 0
check "ends with one line" test "$(tail -n 1 <<<"$ERR" | cut -c 1-22)" = "vega: the build failed"
check "keeps stdout for the program" test -z "$OUT"

CASE="neither root nor sudo"; fresh
fake id <<<'echo 1000'
fake sudo <<<'exit 1'
fake dpkg-query <<<'printf "alpha=installed beta=not-installed "; exit 1'
vega eval
check "prints the line to run" one_line "apt-get install -y --no-install-recommends beta"
check "does not call apt-get" calls apt-get 0

CASE="root"; fresh
fake id <<<'echo 0'
fake dpkg-query <<<'printf "alpha=installed "; exit 1'
fake dpkg <<<'exit 0'
vega eval
check "installs what is missing, only that" calls "install beta$" 1
check "works" works eval

CASE="apt fails"; fresh
fake id <<<'echo 0'
fake dpkg-query <<<'exit 1'
fake dpkg <<<'exit 0'
fake apt-get <<<'echo "E: Unable to locate package beta" >&2; exit 100'
vega eval
check "is one line with apt's reason" one_line "Unable to locate package beta"

CASE="unwritable VEGA_HOME"; fresh; touch "$TMP/home"
vega eval
check "is one line" one_line "cannot create"

CASE="a GPU"; fresh; home=$TMP/home; mkdir -p "$home/deps/torch-2/nvidia"
CUDA=1 vega eval
check "works" works eval
check "puts the CUDA libraries where LibTorch looks" there deps/torch-2/nvidia/lib/libcuda.so

CASE="moved VEGA_HOME"; fresh
vega eval; mv "$TMP/home" "$TMP/elsewhere"; : >"$TMP/calls"
vega eval
check "fetches again" calls fetch 3

CASE="moved repository"; fresh
vega eval; mv "$TMP/repo" "$TMP/moved"; : >"$TMP/calls"
(cd "$TMP" && run "$TMP/moved/vega" eval) >/dev/null 2>&1; STATUS=$?
check "works" test "$STATUS" = 0
check "configures again" calls cmake 1
check "fetches nothing" calls fetch 0
rm -rf "$TMP/moved"

((failures == 0)) && echo "bootstrap: every case passed"
exit $((failures > 0))
