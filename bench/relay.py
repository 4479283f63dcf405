#!/usr/bin/python3
"""Measure the relay against its goals: make bench [RUNS=N] [ONLY=part-of-a-name] [PEERS=folder] [BEFORE=simsd] [SHORT=1].

Runs bench/micro and simsbench against a simsd on loopback, the server pinned to one core and the generator to another,
and prints a table. PEERS is a folder with a floor (a relay of bytes over TLS) and a load generator for other servers;
without it these comparisons are left out. BEFORE is the simsd of an older version, to compare with. SHORT runs every part
for a moment, without goals: it shows that the parts still run, and its figures mean nothing. See bench/README.md.
"""
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import letters  # noqa: E402
from harness import (BEFORE, ONLY, PEERS, RSA_KEYS, RUNS, SECONDS, SHORT, URGENT, Server, have, may_run, median, micro,  # noqa: E402
                     peer, ratio, row, rows, rows_of, say, simsd, usual, work, wrong)
from letters import new_state  # noqa: E402


# --- the parts ----------------------------------------------------------------------------------------------------------

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
    if may_run([*URGENT, "true"]):
        busy = with_logins(*URGENT)
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
        while server.stats()["keys_ready"]["rsa"] < logins:
            if time.monotonic() > until:
                sys.exit("simsd has made %d of %d RSA keys in 90 s" % (server.stats()["keys_ready"]["rsa"], logins))
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


def instructions(before, window, messages):
    """Of a server, by callgrind, while so many messages pass. The start, the keys made ahead and the logins are in it."""
    out = os.path.join(work.name, "callgrind")
    wrapper = ("valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, "--quiet")
    with Server(before=before, state=new_state(), wrapper=wrapper) as server:
        until = time.monotonic() + 60
        while server.stats()["keys_ready"]["p384"] < usual(64, 0):
            if time.monotonic() > until:
                sys.exit("simsd does not make its keys under callgrind")
            time.sleep(0.1)
        server.load("--pairs", 1, "--window", window, "--messages", messages, "--seconds", 120, "--warmup", 0)
    with open(out) as file:
        return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)[1])


def part_before():
    """Live messages of an older version and this one, by turns."""
    if not BEFORE:
        return say("  no BEFORE=simsd of an older version to compare with")
    for what, load in (("64 in flight", ("--window", 64)), ("1 in flight", ("--window", 1))):
        old, new = [], []
        for _ in range(2 * RUNS):
            old.append(simsd("--pairs", 50, *load, "--seconds", SECONDS, before=True, state="before")["server_us"])
            new.append(simsd("--pairs", 50, *load, "--seconds", SECONDS)["server_us"])
        rows_of("CPU a message, 50 pairs, %s: the older version" % what, old, None, "us")
        rows_of("  now", new, None, "us")
        rows_of("  times the older version's", [ratio(n, o) for n, o in zip(new, old)])
    if not may_run(["valgrind", "--version"]):
        return say("  no valgrind, which counts instructions")
    few, many = usual(1000, 100), usual(11000, 300)
    for window in (64, 1):
        each = {before: (instructions(before, window, many) - instructions(before, window, few)) / (many - few) for before in (True, False)}
        row("instructions a message, one pair, %d in flight: the older version" % window, each[True])
        row("  now: more by", each[False] - each[True])


PARTS = [part_messages, part_peers, part_rate, part_start, part_logins, part_connections, part_million,
         letters.part_letters, letters.part_letters_live, letters.part_letters_waiting, letters.part_letters_login,
         letters.part_letters_client, letters.part_letters_peers, part_before]


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
