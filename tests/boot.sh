#!/usr/bin/env bash
# `make boot-check`: tests the systemd units in a booted system. Makes a small Debian in a temporary folder (mmdebstrap),
# installs the build there (`make install`), boots it (systemd-nspawn, without a network) and runs tests/boot/inside.sh in it.
# Skipped, with the reason, on systems that cannot do this. Takes some minutes; everything that it starts ends with it.
#
#   boot.sh --check   check only that all tools and files are there, and say whether it would run (`make check`)
#
# BOOT_MIRROR: the source of mmdebstrap's packages instead of its default: a mirror's address or a file of apt sources.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build/release}" "${BOOT_MIRROR:=}"
programs="simsd simsctl sims sims-tui"
inside=tests/boot/inside.sh
boot_limit=180 tests_limit=600  # s; they only decide when it has failed

# The reason why it cannot run here, or nothing.
obstacle() {
  local program
  [ "$(id -u)" = 0 ] || { echo "not root" && return; }
  for program in mmdebstrap systemd-nspawn; do
    command -v "$program" >/dev/null || { echo "there is no $program" && return; }
  done
  [ -d /sys/fs/cgroup ] || { echo "there are no control groups" && return; }
  unshare --mount --pid --uts --ipc --net --fork true 2>/dev/null || echo "no namespaces may be made"
}
skip() {
  echo "SKIPPED boot: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}

if [ "${1:-}" = --check ]; then
  passed=0 failed=0
  result() {  # status, what
    if [ "$1" = 0 ]; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "FAIL $2"
    fi
  }
  bash -n "$0" && bash -n "$inside"
  result $? "a script that the shell cannot read"
  for path in $(grep -oE '\$contrib/[A-Za-z0-9./-]+' "$inside" | sort -u); do
    [ -e "contrib/systemd/${path#\$contrib/}" ]
    result $? "$inside takes contrib/systemd/${path#\$contrib/}, which is not there"
  done
  [ -n "$(PATH=/nonexistent obstacle 2>/dev/null)" ]
  result $? "a system without the programs would not be skipped"
  why=$(obstacle)
  echo "boot: ${why:+would be skipped here: }${why:-would run here}"
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
  exit
fi

why=$(obstacle)
[ -z "$why" ] || skip "$why"

work=$(mktemp -d -t sims-boot-XXXXXX) || exit 1
root=$work/root
container=
# shellcheck disable=SC2317 # called by the trap
finish() {
  if [ -n "$container" ] && kill "$container" 2>/dev/null; then  # asks the system to power off
    for _ in $(seq 100); do
      kill -0 "$container" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$container" 2>/dev/null
    wait "$container" 2>/dev/null
  fi
  rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- a Debian with the libraries of our programs ------------------------------------------------------------------
libraries=$(for program in $programs; do ldd "$BUILD/$program"; done | awk '/=> \// { print $3 }' | sort -u |
  while read -r file; do dpkg-query -S "$(realpath "$file")" 2>/dev/null || dpkg-query -S "*/$(basename "$(dirname "$file")")/$(basename "$file")"; done |
  cut -d: -f1 | sort -u | paste -sd,)
[ -n "$libraries" ] || { echo "boot: no packages for the libraries of $programs" >&2; exit 1; }
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
echo "boot: a Debian $suite with $libraries"
mmdebstrap --quiet --variant=minbase --include="systemd,dbus,procps,$libraries" "$suite" "$root" ${BOOT_MIRROR:+"$BOOT_MIRROR"} \
  >"$work/mmdebstrap.log" 2>&1 || skip "mmdebstrap: $(grep -m 1 '^E:' "$work/mmdebstrap.log" || tail -n 1 "$work/mmdebstrap.log")"

# --- installed as README says -----------------------------------------------------------------------------------------
MAKEFLAGS='' make -s CXX="${CXX:-g++}" BUILD="$BUILD" install DESTDIR="$root" >"$work/install.log" 2>&1 || {
  cat "$work/install.log"
  echo "FAIL boot: make install"
  echo "0 passed, 1 failed"
  exit 1
}
cp "$BUILD/simsd" "$root/root/simsd.new"
cp "$inside" "$root/root/inside.sh"
cat >"$root/etc/systemd/system/inside.service" <<'END'
[Unit]
After=multi-user.target
[Service]
ExecStart=/bin/bash /root/inside.sh
StandardOutput=file:/root/said
StandardError=file:/root/said
ExecStopPost=/bin/systemctl --no-block poweroff
END
mkdir -p "$root/etc/systemd/system/default.target.wants"
ln -s /etc/systemd/system/inside.service "$root/etc/systemd/system/default.target.wants/"

# --- booted -----------------------------------------------------------------------------------------------------------
systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network --machine="sims-boot-$$" \
  </dev/null >"$work/console" 2>&1 &
container=$!
ended() { ! kill -0 "$container" 2>/dev/null; }
await() {  # seconds, command...: until it succeeds or the system has ended
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ] || ended; then return 1; fi
    sleep 0.2
  done
}
if ! await "$boot_limit" test -e "$root/root/said"; then
  skip "the system does not boot here: $(tail -n 1 "$work/console")"
fi
await "$tests_limit" grep -qE '^[0-9]+ passed, [0-9]+ failed$' "$root/root/said"
cat "$root/root/said"
line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$root/root/said") || {
  tail -n 20 "$work/console"
  echo "FAIL boot: the tests did not come to their end"
  echo "0 passed, 1 failed"
  exit 1
}
read -r passed _ failed _ <<<"$line"
if await 60 ended; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  echo "FAIL boot: the system did not power off"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
