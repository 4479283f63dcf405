#!/bin/sh
# Installs those of the Debian packages named as arguments that are missing. Silent and quick when none is.
# SIMS_DEPS=no in the environment: install nothing, for systems that get the libraries in another way.
set -u
[ "${SIMS_DEPS:-}" != no ] || exit 0

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "deps: this is no Debian; trying without. On Debian these packages are used: $*" >&2
  exit 0
fi

missing=
for package in "$@"; do
  case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

install="apt-get install --yes --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
  root=
elif command -v sudo >/dev/null; then
  root="sudo --preserve-env=DEBIAN_FRONTEND"
  echo "deps: the following needs root; sudo may ask for your password."
else
  echo "deps: missing packages, and neither root nor sudo to install them. As root, run:" >&2
  echo "  apt-get update && $install" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
echo "deps: apt-get update"
$root apt-get -qq update </dev/null || echo "deps: the package lists could not be renewed; trying with those at hand" >&2
echo "deps: $install"
# shellcheck disable=SC2086 # both are lists of words
$root $install </dev/null || {
  echo "deps: failed; the command was: $install" >&2
  exit 1
}
