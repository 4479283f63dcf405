#!/usr/bin/env bash
# What idle clients cost: starts simsd on loopback, logs in COUNT clients (1000), prints how long a login took and how
# much simsd's memory grew.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build/release}"
count=${1:-1000}
dir=$(mktemp -d) || exit 1
"$BUILD/simsd" --state-dir "$dir/state" --listen 127.0.0.1:0 --suites ecdhe </dev/null 2>"$dir/log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$dir"' EXIT
until grep -q '^simsd: ready on ' "$dir/log"; do
  kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
  sleep 0.1
done
address=$(sed -n 's/^simsd: ready on \([^ ]*\) .*/\1/p' "$dir/log")
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }

before=$(memory)
coproc clients { exec "$BUILD/bench/clients" "$address" "$count"; }
read -r -u "${clients[0]}" line || exit 1
echo "$line"
after=$(memory)
echo "simsd: $before kB before, $after kB with $count idle clients: $(((after - before) / 1024)) MiB, $(((after - before) * 1024 / count)) bytes each"
# The clients leave before the server does.
end=${clients[1]} pid=$clients_PID
exec {end}>&-
wait "$pid"
