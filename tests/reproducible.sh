#!/usr/bin/env bash
# Builds the programs named as arguments a second time, in another folder, time zone and language, without a compiler
# cache, and compares them with those in $BUILD: only the source decides their bytes. `make reproducible` does this with
# all programs, `make check` with simsd alone, since it takes as long as compiling.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build/release}" "${VARIANT:=release}"
passed=0 failed=0
result() {  # status, what
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAIL $2"
  fi
}

other=$(mktemp -d -t sims-built-elsewhere-XXXXXX) || exit 1
trap 'rm -rf "$other"' EXIT
# From the archive of `make dist`, which proves that the archive builds; with uncommitted changes from a copy.
if [ -e .git ] && git diff --quiet HEAD -- 2>/dev/null; then
  archive=$(MAKEFLAGS='' make -s dist | tail -n 1) && tar -xf "$archive" -C "$other" --strip-components=1 || exit 1
else
  cp -r Makefile src "$other" && cp "$BUILD/version" "$other/VERSION" || exit 1
fi
programs=("${@:-simsd}")
(
  umask 077
  cd "$other" || exit 1
  # CXXFLAGS and the like come from the environment, as they came to the first build. The version comes from the archive.
  MAKEFLAGS='' SIMS_VERSION='' BUILD='' CCACHE_DISABLE=1 TZ=Pacific/Apia LC_ALL=C \
    make VARIANT="$VARIANT" BUILD=build CXX="${CXX:-g++}" "${programs[@]/#/build/}"
) >"$other/log" 2>&1 || cat "$other/log"
for program in "${programs[@]}"; do
  cmp "$BUILD/$program" "$other/build/$program"
  result $? "$program is another when it is built elsewhere"
  ! grep -qaF -e "$PWD/" "$BUILD/$program"
  result $? "$program names the folder that it was built in"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
