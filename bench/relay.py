#!/usr/bin/python3
"""Measure the relay against its goals: make bench [RUNS=N] [ONLY=part-of-a-name] [PEERS=folder] [SHORT=1].

Runs bench/micro and simsbench against a simsd on loopback, the server pinned to one core and the generator to another,
and prints a table. PEERS is a folder with a floor (a relay of bytes over TLS) and a load generator for other servers;
without it these comparisons are left out. SHORT runs every part for a moment, without goals: it shows that the parts
still run, and its figures mean nothing. See bench/README.md.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(HERE, "../build/release")))
PEERS = os.environ.get("PEERS", "")
ONLY = os.environ.get("ONLY", "")
SHORT = os.environ.get("SHORT", "") not in ("", "0")
RUNS = 1 if SHORT else int(os.environ.get("RUNS", "3") or 3)
RSA_KEYS = 1 if SHORT else 32
CONFIG = """
listen = ["127.0.0.1:0"]
log-level = "warning"
name = "bench.example"
[limits]
connections = 18000
connections-per-address = 18000
ping-seconds = 3600
unauthenticated = 18000
handshakes = 1000000
handshakes-burst = 1000000
messages = 1000000
messages-burst = 100000000
message-bytes = 1073741824
message-bytes-burst = 107374182400
queue-bytes = 16777216
queue-bytes-total = 1073741824
rsa-keys = %d
""" % RSA_KEYS
# On a virtual machine, processors that sleep between two messages take longer to wake than any server takes to answer.
# While this file is open they stay awake, for our server, the floor and the others alike.
try:
    awake = None if SHORT else open("/dev/cpu_dma_latency", "wb", buffering=0)
    if awake:
        awake.write((0).to_bytes(4, "little"))
except OSError as error:
    awake = None
    print("processors may sleep (%s): latencies at small loads are the machine's then" % error, file=sys.stderr)
SECONDS = 0.2 if SHORT else 2  # of a run with messages
work = tempfile.TemporaryDirectory(prefix="simsbench-")
rows, wrong = [], []


def say(text):
    print(text, file=sys.stderr, flush=True)


class Server:
    """A simsd with a state folder that all runs share, so that the benchmark's clients are registered."""

    def __init__(self, cpus="0", count=False, rsa=False):
        config = os.path.join(work.name, "simsd.conf")
        self.counter = os.path.join(work.name, "allocations") if count else ""
        with open(config, "w") as file:
            file.write("suites = [%s]\n" % ('"ecdhe", "rsa"' if rsa else '"ecdhe"') + CONFIG)
        env = dict(os.environ)
        if count:
            env.update(LD_PRELOAD=os.path.join(BUILD, "bench/count_allocations.so"), ALLOCATIONS=self.counter)
        self.log = open(os.path.join(work.name, "log"), "w+")
        self.process = subprocess.Popen(
            ["taskset", "-c", cpus, os.path.join(BUILD, "simsd"), "--config", config, "--state-dir", os.path.join(work.name, "state")],
            env=env, stdin=subprocess.DEVNULL, stderr=self.log)
        until = time.monotonic() + 30
        while not (ready := re.search(r"ready on (\S+)", open(self.log.name).read())):
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit("simsd does not start:\n" + open(self.log.name).read())
            time.sleep(0.05)
        self.address = ready[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def rsa_keys(self):
        """The number of keys made ahead."""
        said = subprocess.run([os.path.join(BUILD, "simsctl"), "--state-dir", os.path.join(work.name, "state"), "stats", "--json"],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        return json.loads(said)["keys_ready"]["rsa"]

    def load(self, *arguments, cpus="1", first=()):
        command = [*first, "taskset", "-c", cpus, os.path.join(BUILD, "bench/simsbench"), "--server", self.address,
                   "--json", "--server-pid", str(self.process.pid), *map(str, arguments)]
        if self.counter:
            command += ["--allocations", self.counter]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=1200)
        if done.returncode != 0:
            sys.exit("simsbench %s: %s" % (" ".join(map(str, arguments)), done.stderr))
        return json.loads(done.stdout)


def simsd(*arguments, first=(), **options):
    with Server(**options) as server:
        return server.load(*arguments, first=first)


def peer(name, *arguments):
    """One run of PEERS' load generator against one of its servers."""
    script = '. "$1/peers.sh"; peer_start "$2" || exit 1; shift 2; taskset -c 1 "$BUILD/loadgen" $PEER_ARGS --port $PEER_PORT --pid $PEER_PID "$@"; s=$?; peer_stop; exit $s'
    env = dict(os.environ, WORK=os.path.join(work.name, "peers"), BUILD=os.path.join(work.name, "peers-build"))
    done = subprocess.run(["bash", "-c", script, "peer", PEERS, name, *map(str, arguments)], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit("%s: %s%s" % (name, done.stdout[-300:], done.stderr[-300:]))
    return json.loads(done.stdout.splitlines()[-1])


def have(program):
    return PEERS and subprocess.run(["sh", "-c", "command -v " + program], stdout=subprocess.DEVNULL).returncode == 0


def usual(value, short):
    """A number of seconds, clients or messages: the usual one, or with SHORT the other."""
    return short if SHORT else value


def ratio(a, b):
    """A run in which nothing was delivered, or no client logged in, has measured nothing. A short run on a busy machine may
    end so; it only shows that the part runs."""
    if b > 0:
        return a / b
    if SHORT:
        return float("nan")
    sys.exit("nothing was measured: %r in the time of a run, to divide %r by" % (b, a))


def median(values):
    return statistics.median(values)


def row(what, value, goal=None, unit="", low=None, high=None):
    if SHORT:
        goal = None
    over = goal is not None and value > goal
    if over:
        wrong.append(what)
    span = "" if low is None else " (%.3g to %.3g)" % (low, high)
    rows.append((what, "%.4g%s%s" % (value, (" " + unit) if unit else "", span), "" if goal is None else "%.4g" % goal, "!" if over else ""))
    say("  %-66s %s%s" % (what, rows[-1][1], "" if goal is None else "   goal %s %s" % (rows[-1][2], rows[-1][3])))


def rows_of(what, values, goal=None, unit=""):
    row(what, median(values), goal, unit, min(values), max(values))


# --- the parts ----------------------------------------------------------------------------------------------------------

def micro(pattern):
    command = ["taskset", "-c", "0", os.path.join(BUILD, "bench/micro"), "--benchmark_format=json", "--benchmark_filter=" + pattern,
               "--benchmark_min_time=%g" % usual(0.2, 0.001)]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout)
    factor = {"ns": 1e-3, "us": 1, "ms": 1e3}
    return {b["name"].split("/manual")[0]: b["real_time"] * factor[b["time_unit"]] for b in found["benchmarks"]}


def part_messages():
    """50 pairs, compared with the sum of the primitives and the floor, by turns."""
    runs = {"w64": [], "w1": [], "k64": [], "sum": [], "floor64": [], "floor1": []}
    for _ in range(RUNS):
        runs["sum"].append(sum(micro("^hop_part").values()))
        if PEERS:
            runs["floor64"].append(peer("floor-tls", "--pairs", 50, "--window", 64, "--size", 100, "--warmup", 0.7, "--dur", SECONDS)["srv_us"])
        runs["w64"].append(simsd("--pairs", 50, "--window", 64, "--seconds", SECONDS))
        if PEERS:
            runs["floor1"].append(peer("floor-tls", "--pairs", 50, "--window", 1, "--size", 100, "--warmup", 0.7, "--dur", SECONDS)["srv_us"])
        runs["w1"].append(simsd("--pairs", 50, "--window", 1, "--seconds", SECONDS))
        runs["k64"].append(simsd("--pairs", 50, "--window", 64, "--size", 1024, "--seconds", SECONDS))
    us = {name: [r["server_us"] for r in runs[name]] for name in ("w64", "w1", "k64")}
    rows_of("sum of the primitives of a hop", runs["sum"], None, "us")
    rows_of("CPU a message, 50 pairs, 64 in flight", us["w64"], 4.8, "us")
    rows_of("  times the sum of the primitives", [ratio(a, b) for a, b in zip(us["w64"], runs["sum"])], 1.2)
    if PEERS:
        rows_of("  floor-tls", runs["floor64"], None, "us")
        rows_of("  times floor-tls", [ratio(a, b) for a, b in zip(us["w64"], runs["floor64"])], 3.2)
    rows_of("  messages a second", [r["messages_s"] for r in runs["w64"]])
    rows_of("CPU a message, 50 pairs, 64 in flight, 1 KiB", us["k64"], None, "us")
    rows_of("CPU a message, 50 pairs, 1 in flight", us["w1"], None, "us")
    if PEERS:
        rows_of("  floor-tls", runs["floor1"], None, "us")
        rows_of("  times floor-tls", [ratio(a, b) for a, b in zip(us["w1"], runs["floor1"])], 1.25)


def part_peers():
    """Other servers at the same load, for the record, and the round trip compared with mosquitto's."""
    if have("mosquitto"):
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(peer("mosquitto", "--pairs", 1, "--window", 1, "--size", 100, "--warmup", 0.5, "--dur", SECONDS)["p50_us"])
            ours.append(simsd("--pairs", 1, "--window", 1, "--seconds", SECONDS)["p50_us"])
        rows_of("one pair, 1 in flight: median latency", ours, None, "us")
        rows_of("  mosquitto", theirs, None, "us")
        rows_of("  times mosquitto's", [ratio(a, b) for a, b in zip(ours, theirs)], 1)
    for name, program in (("nats", "nats-server"), ("mosquitto", "mosquitto")):
        if have(program):
            for window in (64, 1):
                got = [peer(name, "--pairs", 50, "--window", window, "--size", 1024, "--warmup", 0.7, "--dur", SECONDS)["srv_us"] for _ in range(RUNS)]
                rows_of("%s: CPU a message of 1 KiB, 50 pairs, %d in flight" % (name, window), got, None, "us")


def part_rate():
    quiet = [simsd("--pairs", usual(500, 10), "--rate", usual(5000, 500), "--seconds", usual(5, 0.2)) for _ in range(RUNS)]
    rows_of("5,000 messages a second, 1,000 connections: 99 %", [r["p99_us"] for r in quiet], 500, "us")
    rows_of("  from socket to socket", [r["hop_p99_us"] for r in quiet], None, "us")
    # The generator shares its core with the handshakes. Its messages (not its logins) get real-time priority, as if they
    # ran on other machines; the last rows are without it.
    def with_logins(*first):
        return [simsd("--pairs", usual(500, 10), "--rate", usual(5000, 500), "--seconds", usual(5, 0.3),
                      "--logins-per-second", 100, cpus="0,1", first=first) for _ in range(RUNS)]
    urgent = ("chrt", "--reset-on-fork", "--fifo", "1")
    if may_run([*urgent, "true"]):
        busy = with_logins(*urgent)
        rows_of("  with 100 logins a second", [r["p99_us"] for r in busy], 500, "us")
        rows_of("    from socket to socket", [r["hop_p99_us"] for r in busy], 500, "us")
        rows_of("    cores that the server and the generator used", [r["server_cores"] + r["generator_cores"] for r in busy])
        rows_of("    logins a second then", [r["logins_s"] for r in busy])
    else:
        say("  chrt is refused: the latency with logins has no goal, since the generator waits behind the handshakes")
    late = with_logins()
    rows_of("  with 100 logins a second and a generator that waits behind the handshakes", [r["p99_us"] for r in late], None, "us")
    rows_of("    from socket to socket", [r["hop_p99_us"] for r in late], None, "us")


def part_start():
    """On one core, while the pool of RSA keys is filled; then the same without that suite, for comparison."""
    for what, rsa in (("while RSA keys are made ahead", True), ("without the RSA suite", False)):
        got = [simsd("--pairs", 20, "--rate", 2000, "--seconds", usual(5, 0.3), "--warmup", usual(1, 0.1), rsa=rsa) for _ in range(RUNS)]
        rows_of("one core, %s: 99 %%, from socket to socket" % what, [r["hop_p99_us"] for r in got], 500 if rsa else None, "us")


def may_run(command):
    try:
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def part_logins():
    runs = [micro("^(login_(server|after)|primitives)") for _ in range(RUNS)]
    for what, name, base, goal in (("an ECDHE login", "login_server", "primitives_of_login/all", None),
                                   ("  after phase 1, with the key made ahead", "login_after_phase_1", "primitives_of_login/after_phase_1", 900)):
        rows_of("the server's work for " + what.strip() if goal is None else what, [r[name] for r in runs], goal, "us")
        rows_of("  times the sum of its primitives", [ratio(r[name], r[base]) for r in runs], 1.15)
    seconds = usual(10, 1)
    with Server(cpus="0,1") as server:
        got = server.load("--pairs", 1, "--window", 1, "--rate", 10, "--seconds", seconds, "--logins-per-second", 400, cpus="0,1")
    row("400 logins a second asked for on 2 cores: those that were", got["logins_s"])
    row("  seconds lost of %d" % seconds, (400 - got["logins_s"]) * seconds / 400, 0.5, "s")
    row("  cores of the server that 400 a second take", ratio(got["server_cores"], got["logins_s"]) * 400, 2)
    row("  median of a login", got["login_p50_us"] / 1000, None, "ms")
    logins = RSA_KEYS
    with Server(cpus="0,1", rsa=True) as server:
        until = time.monotonic() + 90
        while server.rsa_keys() < logins:
            if time.monotonic() > until:
                sys.exit("simsd has made %d of %d RSA keys in 90 s" % (server.rsa_keys(), logins))
            time.sleep(0.1)
        got = server.load("--suite", "rsa", "--connections", logins, "--pairs", 0, "--seconds", 0, "--warmup", 0, cpus="0,1")
        row("%d RSA logins at once: a second's worth" % logins, ratio(logins, got["setup_logins_s"]), 1, "s")


def part_connections():
    clients, seconds = usual(10000, 200), usual(4, 0.2)
    load = ("--pairs", 50, "--window", 16, "--seconds", seconds)
    few = simsd("--connections", 100, *load)
    with Server(cpus="0,1") as server:
        say("  {:,} clients log in: some minutes for 10,000".format(clients))
        many = server.load("--connections", clients, *load)
    again = simsd("--connections", 100, *load)
    row("memory of an idle connection, of {:,}".format(clients), many["connection_kib"], 4, "KiB")
    row("CPU a message at {:,} connections, times that at 100".format(clients), ratio(many["server_us"], (few["server_us"] + again["server_us"]) / 2), 1.15)
    with Server(cpus="0,1") as server:
        idle = server.load("--connections", clients, "--pairs", 0, "--seconds", usual(30, 0.5), "--warmup", usual(2, 0.1),
                           "--ping", 60)
    row("{:,} idle connections with a ping a minute: CPU".format(clients), idle["server_cores"] * 100, 1, "%")
    if PEERS:
        floor = peer("floor-tls", "--pairs", 500, "--window", 64, "--rate", 10000 / 60, "--size", 100, "--warmup", 1, "--dur", 12)
        row("  floor-tls with as many messages a second", floor["srv_us"] * floor["msgs_s"] / 1e4, None, "%")


def part_million():
    messages = usual(1000000, 10000)
    got = simsd("--pairs", 50, "--window", 64, "--seconds", 300, "--messages", messages, "--warmup", usual(30, 0.2), count=True)
    row("{:,} messages: memory grows by".format(messages), got["rss_end_kib"] - got["rss_warm_kib"], 256, "KiB")
    row("  allocations a message", got["allocations_a_message"], 0.0005)


PARTS = [part_messages, part_peers, part_rate, part_start, part_logins, part_connections, part_million]


def main():
    if not any(ONLY in part.__name__ for part in PARTS):
        sys.exit("no part has %r in its name; there are: %s" % (ONLY, " ".join(part.__name__[5:] for part in PARTS)))
    if PEERS:
        subprocess.run(["make", "-s", "-C", PEERS, "OUT=" + os.path.join(work.name, "peers-build")], check=True, stdout=subprocess.DEVNULL)
    for part in PARTS:
        if ONLY in part.__name__:
            say(part.__name__[5:])
            part()
    print("\n%-68s %-34s %s" % ("what", "measured (least to most)", "goal"))
    for what, value, goal, mark in rows:
        print("%-68s %-34s %s %s" % (what, value, goal, mark))
    if SHORT:
        print("\nSHORT: every part runs; the figures say nothing")
    else:
        print("\n%d over their goal%s" % (len(wrong), "" if not wrong else ", marked !"))


main()
