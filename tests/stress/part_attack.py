"""Attacks on simsd and their effect on other clients."""

import json
import re
import select
import socket
import statistics
import subprocess
import time

from harness import BUILD, MANY_FROM_ONE_ADDRESS, Failure
from part_storm import memory
from size import usual

READERS = usual(50, 2)
SOCKETS = usual(5000, 20)
KILLS = usual(200, 2)


class Attack:
    """The program `attack` while it runs."""

    def __init__(self, world, server, *words):
        self.process = subprocess.Popen(["nice", "-n", "19", BUILD / "tests/stress/attack", server.address, *map(str, words)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=world.env)
        world.processes.append(self.process)
        if not select.select([self.process.stdout], [], [], 60)[0] or self.process.stdout.readline() != "begun\n":
            raise Failure(f"the attack {words} did not begin")

    def end(self):
        return json.loads(self.process.communicate("", 60)[0])


def others(server, seconds=usual(4, 0.2), rate=500):
    """The 99th percentile of other clients' message latency, socket to socket, in milliseconds."""
    run = subprocess.run([BUILD / "bench/simsbench", "--server", server.address, "--pairs", "1", "--rate", str(rate), "--seconds",
                          str(seconds), "--json"], capture_output=True, text=True, timeout=120)
    if run.returncode != 0:
        raise Failure(run.stdout + run.stderr)
    return json.loads(run.stdout)["hop_p99_us"] / 1000


def stats(world, server):
    return json.loads(subprocess.run([BUILD / "simsctl", "--state-dir", server.state, "stats", "--json"], capture_output=True,
                                     text=True, env=world.env, check=True).stdout)


def part_flood(world, table):
    """attack 37: one client sends 10,000 messages a second and reconnects whenever it is disconnected: other clients do not notice."""
    server = world.server("--suites", "ecdhe")
    others(server, 1)
    ratios, quiet_ms, attacked_ms, ends = [], [], [], []
    for _ in range(usual(5, 1)):
        quiet_ms.append(others(server))
        attack = Attack(world, server, "flood", 10000)
        attacked_ms.append(others(server))
        ends.append(attack.end())
        ratios.append(attacked_ms[-1] / quiet_ms[-1])
    table.row("99 % of others, without", statistics.median(quiet_ms), unit="ms")
    table.row("99 % of others, with it", statistics.median(attacked_ms), unit="ms")
    table.row("times as long, median of 5 pairs", statistics.median(ratios), at_most=1.5)
    table.row("messages sent by the flood", sum(end["sent"] for end in ends))
    table.row("messages refused to it", sum(end["refused_messages"] for end in ends), at_least=1)
    table.row("times cut off", sum(end["cut_off"] for end in ends), at_least=5)


def part_stopped_readers(world, table):
    """attack 36: 50 receivers stop reading while senders write at full rate: memory bounded, senders told, receivers cut off."""
    limits = {"message-bytes": 1 << 30, "message-bytes-burst": 1 << 36, "messages": 100000, "messages-burst": 100000}
    server = world.server(*world.config(suites=["ecdhe"], limits=limits))
    others(server, 1)
    before, empty = others(server), memory(server.process.pid)[0]
    attack = Attack(world, server, "stopped", READERS)
    during, most = [], 0
    end = time.monotonic() + 180
    while stats(world, server)["slow_readers_total"] < READERS and time.monotonic() < end:
        during.append(others(server, usual(2, 0.2)))
        most = max(most, memory(server.process.pid)[0])
    cut = stats(world, server)["slow_readers_total"]
    told = attack.end()
    table.row("readers cut off", cut, at_least=READERS)
    table.row("messages that senders were told are not delivered", told["told_undelivered"], at_least=READERS)
    table.row("senders cut off", told["senders_cut"], at_most=0)
    table.row("memory beyond that before", memory(server.process.pid)[1] - empty, at_most=READERS * 0.33 + 16, unit="MiB")
    table.row("99 % of others, without", before, unit="ms")
    table.row("99 % of others, with them", statistics.median(during), unit="ms")


def part_slow_logins(world, table):
    """attack 34: 5,000 sockets send one byte in 10 s: all are closed in time, and a login takes under a second meanwhile."""
    server = world.server(*world.config(suites=["ecdhe"], limits=dict(MANY_FROM_ONE_ADDRESS, **{"handshake-seconds": usual(30, 1)})))
    host, port = server.address.rsplit(":", 1)
    began = time.monotonic()
    sockets = [socket.create_connection((host, int(port))) for _ in range(SOCKETS)]
    opened = time.monotonic() - began
    slowest = 0.0
    poller = select.epoll()
    for one in sockets:
        poller.register(one, select.EPOLLRDHUP)
    closed = set()
    while len(closed) < SOCKETS and time.monotonic() - began < 60:
        login = time.monotonic()
        world.sims("alice", server, "list")
        slowest = max(slowest, time.monotonic() - login)
        if int(time.monotonic() - began) % usual(10, 1) == 0:
            for one in sockets:
                try:
                    one.send(b"{")
                except OSError:
                    pass
        closed.update(fd for fd, _ in poller.poll(0))
    table.row("sockets", SOCKETS)
    table.row("closed", len(closed), at_least=SOCKETS)
    table.row("the last one after", time.monotonic() - began, at_most=opened + 32.0, unit="s")
    table.row("slowest login meanwhile", slowest, at_most=1.0, unit="s")
    table.row("memory", memory(server.process.pid)[1], at_most=256.0, unit="MiB")


def part_memory(world, table):
    """simsd never takes more memory than its configuration allows."""
    limits = {"connections": 1500, "connections-per-address": 1500, "unauthenticated": 1000, "queue-bytes-total": 32 << 20,
              "message-bytes": 1 << 30, "message-bytes-burst": 1 << 36, "messages": 100000, "messages-burst": 100000}
    server = world.server(*world.config(suites=["ecdhe"], limits=limits))
    bound = json.loads(subprocess.run([BUILD / "simsctl", "--state-dir", server.state, "status", "--json"], capture_output=True,
                                      text=True, env=world.env, check=True).stdout)["memory_bound_bytes"] / (1 << 20)
    host, port = server.address.rsplit(":", 1)
    silent = []
    for _ in range(usual(800, 20)):
        one = socket.create_connection((host, int(port)))
        one.send(b"{" + b" " * 4000)
        silent.append(one)
    attack = Attack(world, server, "stopped", usual(300, 2))
    end = time.monotonic() + 60
    while stats(world, server)["slow_readers_total"] < usual(300, 2) and time.monotonic() < end:
        time.sleep(1)  # samples the figures
    attack.end()
    table.row("bound by the configuration", bound, unit="MiB")
    table.row("most that it took", memory(server.process.pid)[1], at_most=bound, unit="MiB")


def part_rsa_flood(world, table):
    """attack 35: 200 RSA logins a second: ECDHE logins and relaying go on."""
    server = world.server(*world.config(limits=dict(MANY_FROM_ONE_ADDRESS, **{"rsa-keys": 4})))
    others(server, 1)
    quiet = others(server)
    attack = Attack(world, server, "rsa", 200)
    began, logins, slowest = time.monotonic(), 0, 0.0
    busy = others(server)
    while logins == 0 or time.monotonic() - began < usual(20, 1):
        login = time.monotonic()
        world.sims("alice", server, "list")
        slowest = max(slowest, time.monotonic() - login)
        logins += 1
    took, end = time.monotonic() - began, attack.end()
    table.row("ECDHE logins meanwhile", logins, at_least=10)
    table.row("the slowest", slowest, at_most=2.0, unit="s")
    table.row("99 % of others, without", quiet, unit="ms")
    table.row("99 % of others, with it", busy, unit="ms")
    table.row("RSA logins asked for in a second", end["begun"] / took, at_least=150)
    table.row("of them refused (busy) in a second", end["refused"] / took)
    table.row("logged in, in all", end["logged_in"])
    one_address(world, table)


def one_address(world, table):
    """The same from one address without exemption: RSA logins from other addresses succeed, too."""
    limits = dict(MANY_FROM_ONE_ADDRESS, exempt=["127.0.0.1"], **{"rsa-keys": 4})
    server = world.server(*world.config(limits=limits), state="one")
    attack = Attack(world, server, "rsa", 200, "127.0.0.2")
    logins = 0
    for _ in range(usual(10, 1)):
        world.sims("bob", server, "--suite", "rsa", "list", expect=None, seconds=60)
        logins += world.last_status == 0
    end = attack.end()
    table.row("RSA logins of others, of 10, while one address asks for 200 a second", logins, at_least=10)
    table.row("its own, in all", end["logged_in"])


def part_kills(world, table):
    """attack 44: 200 kills of simsd during registrations: nothing confirmed is lost, and it serves again within 2 s."""
    run = subprocess.run(["/usr/bin/python3", "tests/e2e/run.py", "kill_9"], capture_output=True, text=True, timeout=1800,
                         env=world.env | {"KILLS": str(KILLS), "BUILD": str(BUILD)})
    print(run.stdout[-2000:])
    table.row("kills after which something was lost, or the test's own failure", run.returncode, at_most=0)
    found = re.search(r"within (\d+\.\d+) s", run.stdout)
    if found:
        table.row("the longest until it served again", float(found[1]), at_most=2.0, unit="s")
