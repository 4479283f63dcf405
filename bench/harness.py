"""For relay.py: starts servers and load generators, and keeps the rows of the table."""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import mail_peers

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(HERE, "../build/release")))
PEERS = os.environ.get("PEERS", "")
BEFORE = os.environ.get("BEFORE", "")
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
# The senders have just registered. Unknown to versions before letters.
MAIL_CONFIG = "mail-letters-of-newcomer = 1000000\n"
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
URGENT = ("chrt", "--reset-on-fork", "--fifo", "1")  # real-time priority, for a generator alone
work = tempfile.TemporaryDirectory(prefix="simsbench-")
rows, wrong = [], []


def say(text):
    print(text, file=sys.stderr, flush=True)


class Server:
    """A simsd with a state folder that all runs share, so that the benchmark's clients are registered."""

    def __init__(self, cpus="0", count=False, rsa=False, state="state", before=False, wrapper=(), syncs=False):
        config = os.path.join(work.name, "simsd.conf")
        self.counter = os.path.join(work.name, "allocations") if count else ""
        self.state = os.path.join(work.name, state)
        with open(config, "w") as file:
            file.write("suites = [%s]\n" % ('"ecdhe", "rsa"' if rsa else '"ecdhe"') + CONFIG + ("" if before else MAIL_CONFIG))
        env = dict(os.environ)
        if count:
            env.update(LD_PRELOAD=os.path.join(BUILD, "bench/count_allocations.so"), ALLOCATIONS=self.counter)
        if syncs:
            self.sync_counter = mail_peers.new_counter(work.name)
            env.update(LD_PRELOAD=os.path.join(BUILD, "bench/count_syncs.so"), SYNCS=self.sync_counter)
        self.log = open(os.path.join(work.name, "log"), "w+")
        began = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", cpus, *wrapper, BEFORE if before else os.path.join(BUILD, "simsd"), "--config", config,
             "--state-dir", self.state, *(["--no-confine"] if wrapper else [])],
            env=env, stdin=subprocess.DEVNULL, stderr=self.log)
        while not (ready := re.search(r"ready on (\S+)", open(self.log.name).read())):
            if self.process.poll() is not None or time.monotonic() > began + 60:
                sys.exit("simsd does not start:\n" + open(self.log.name).read())
            time.sleep(0.002)
        self.ready_ms = (time.monotonic() - began) * 1000
        self.address = ready[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def stats(self):
        said = subprocess.run([os.path.join(BUILD, "simsctl"), "--state-dir", self.state, "stats", "--json"],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        return json.loads(said)

    def syncs(self):
        return mail_peers.read_syncs(self.sync_counter)

    def resident_kib(self):
        with open("/proc/%d/statm" % self.process.pid) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024

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


def row(what, value, goal=None, unit="", low=None, high=None, least=False):
    """`least`: the goal is a lower bound."""
    if SHORT:
        goal = None
    over = goal is not None and (value < goal if least else value > goal)
    if over:
        wrong.append(what)
    span = "" if low is None else " (%.3g to %.3g)" % (low, high)
    rows.append((what, "%.4g%s%s" % (value, (" " + unit) if unit else "", span), "" if goal is None else ("at least %.4g" if least else "%.4g") % goal, "!" if over else ""))
    say("  %-66s %s%s" % (what, rows[-1][1], "" if goal is None else "   goal %s %s" % (rows[-1][2], rows[-1][3])))


def rows_of(what, values, goal=None, unit="", least=False):
    row(what, median(values), goal, unit, min(values), max(values), least)


def micro(pattern):
    command = ["taskset", "-c", "0", os.path.join(BUILD, "bench/micro"), "--benchmark_format=json", "--benchmark_filter=" + pattern,
               "--benchmark_min_time=%g" % usual(0.2, 0.001)]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout)
    factor = {"ns": 1e-3, "us": 1, "ms": 1e3}
    return {b["name"].split("/manual")[0]: b["real_time"] * factor[b["time_unit"]] for b in found["benchmarks"]}


def may_run(command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False
