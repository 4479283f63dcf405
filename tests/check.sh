#!/usr/bin/env bash
# Runs every suite, also after one has failed, and adds up. `make check` calls it with the unit test programs' names.
# Every suite ends with doctest's summary or with our own "N passed, N failed[, N skipped]".
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build/release}" "${VARIANT:=release}"
BUILD=$(realpath "$BUILD") || exit 1
export BUILD
logs=$BUILD/check
rm -rf "$logs" && mkdir -p "$logs/home" || exit 1

# No test reads or writes the user's own files.
export HOME=$logs/home
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME

# Reports of the sanitizers go to files, so that those of programs inside a terminal are found, too.
report=$logs/sanitizer
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:log_path=$report
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1:log_path=$report
export TSAN_OPTIONS=suppressions=$PWD/tests/tsan.supp:halt_on_error=0:second_deadlock_stack=1:log_path=$report
# gcc 12's ThreadSanitizer needs a memory layout that newer kernels' randomisation doesn't always give.
prefix=
if [ "$VARIANT" = tsan ] && setarch -R true 2>/dev/null; then prefix="setarch -R"; fi

number() { sed -nE "$2" "$1" | tail -n 1; }

suite() {  # name, command...
  local name=$1 log=$logs/$1.log status p f s began=$SECONDS
  shift
  # shellcheck disable=SC2086 # $prefix is two words or none
  timeout --kill-after=10 "${SUITE_LIMIT:-900}" $prefix "$@" </dev/null >"$log" 2>&1
  status=$?
  p=$(number "$log" 's/^(\[doctest\] test cases: .*\| *)?([0-9]+) passed.*/\2/p')
  f=$(number "$log" 's/^(\[doctest\] test cases: .*\| *)?([0-9]+ passed[,| ]+)([0-9]+) failed.*/\3/p')
  s=$(number "$log" 's/^skipped: ([0-9]+)$/\1/p; s/^[0-9]+ passed, [0-9]+ failed, ([0-9]+) skipped$/\1/p')
  : "${p:=0}" "${f:=0}" "${s:=0}"
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then
    f=1
    [ "$status" = 124 ] && echo "$name: stopped, it took longer than ${SUITE_LIMIT:-900} s" >>"$log"
    echo "FAIL $name: exit status $status" >>"$log"
  elif [ $((p + f)) = 0 ]; then
    f=1
    echo "FAIL $name: no summary" >>"$log"
  fi
  {
    flock 9  # one suite's output after the other's
    echo "== $name"
    cat "$log"
    echo "   ($((SECONDS - began)) s)"
    echo "$p $f $s $((SECONDS - began)) $name" >&9
  } 9>>"$logs/counts"
}

units() {
  for name in "$@"; do suite "$name" "$BUILD/tests/${name}_test" --no-colors; done
  suite layers tests/layers.sh
  suite must-not-compile tests/must_not_compile.sh
  suite man tests/man.sh
  suite attacks /usr/bin/python3 scripts/attacks.py --check
  suite completions tests/completions.sh
  [ "$VARIANT" != release ] || suite hardening tests/hardening.sh
}

programs() {
  export PYTHONDONTWRITEBYTECODE=1
  suite e2e /usr/bin/python3 tests/e2e/run.py
  export VARIANT SIMSD=$BUILD/simsd SIMS=$BUILD/sims
  for file in tests/interop/test_*.py; do suite "interop-$(basename "${file##*test_}" .py)" /usr/bin/python3 "$file"; done
}

# The programs mostly wait for each other, so the unit tests and the short runs run beside them.
programs &
[ "$VARIANT" != release ] || suite short tests/short.py &
units "$@"
wait
# Alone, since it compiles.
[ "$VARIANT" != release ] || suite reproducible tests/reproducible.sh simsd

passed=0 failed=0 skipped=0
while read -r p f s _; do
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done <"$logs/counts"

for file in "$report".*; do
  [ -e "$file" ] || continue
  # LeakSanitizer of a program that was killed during its search at the end: it found nothing.
  grep -qv 'Unable to get registers from thread' "$file" || continue
  echo "FAIL sanitizer report $file"
  head -n 60 "$file"
  echo "FAIL sanitizer: $(grep -m 1 -E '^SUMMARY|runtime error|ERROR|WARNING' "$file")" >>"$logs/sanitizers.log"
  failed=$((failed + 1))
done
[ "$VARIANT" != cov ] || tests/coverage.sh

echo
echo "seconds: $(sort -k4,4nr "$logs/counts" | awk '{ printf "%s%s %s", sep, $5, $4; sep = ", " }'); some run beside others"
# The failures once more and last: the output before may be long, and a log that is shortened keeps its end.
grep -hE '^SKIPPED' "$logs"/*.log | sort -u
for log in "$logs"/*.log; do
  grep -hE '^FAIL|^replay: |: (FATAL )?ERROR: ' "$log" | sed -E "s|^(FAIL )?|FAIL $(basename "$log" .log): |" | sort -u | head -n 20
done
if [ "$skipped" = 0 ]; then
  echo "$passed passed, $failed failed"
else
  echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
