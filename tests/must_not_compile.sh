#!/usr/bin/env bash
# Tests that misuses of keys do not compile: each file of tests/proto/must_not_compile must fail, control.cc must not.
# A failure counts only if the compiler reports it in that file, so that a missing header is no success.
set -u
cd "$(dirname "$0")/.." || exit 1
read -ra compiler <<<"${CXX:-g++}"
folder=tests/proto/must_not_compile
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
flags=(-std=c++20 -Isrc -Itests)
passed=0 failed=0
# The headers are parsed once, for all.
"${compiler[@]}" "${flags[@]}" -x c++-header "$folder/keys_of_each_stage.h" -o "$work/keys_of_each_stage.h.gch" 2>"$work/errors" ||
  { cat "$work/errors"; echo "FAIL must-not-compile: the headers do not compile"; failed=1; }
as_it_must() {
  if [ "$file" = "$folder/control.cc" ]; then
    [ "$status" = 0 ]
  else
    [ "$status" != 0 ] && grep -qE "^$file:[0-9]+:[0-9]+: (error|.*required from here)" "$work/errors"
  fi
}
for file in "$folder"/*.cc; do
  LC_ALL=C "${compiler[@]}" -I"$work" "${flags[@]}" -I"$folder" -fsyntax-only "$file" 2>"$work/errors"
  status=$?
  if as_it_must; then
    passed=$((passed + 1))
  else
    cat "$work/errors"
    echo "FAIL must-not-compile: $file"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
