"""Letters: how fast they are stored and given, and what they cost both ends and everybody else. Parts of relay.py."""
import itertools
import os
import subprocess
import sys
import time

import mail_peers
from harness import BUILD, RUNS, SHORT, URGENT, Server, may_run, median, micro, ratio, row, rows_of, say, simsd, usual, work

SENDERS, OWNERS = 8, 200
fresh_states = itertools.count()


def new_state():
    """The name of a state folder without letters; its server registers the clients again."""
    return "letters-%d" % next(fresh_states)


def disk():
    """What mail.db is on, how many times a second it syncs 4 KiB, and the processor time of each in us."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", work.name], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs") and not SHORT:
        sys.exit("%s is in memory: set TMPDIR to a folder on a disk" % work.name)
    syncs, until, cpu = 0, time.monotonic() + usual(1, 0.05), time.thread_time()
    with open(os.path.join(work.name, "syncs"), "wb", buffering=0) as file:
        while time.monotonic() < until:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            syncs += 1
    return kind, syncs / usual(1, 0.05), (time.thread_time() - cpu) / syncs * 1e6


def store_letters(senders, window):
    """Letters as fast as they are stored, on a fresh mail.db; simsd on one core."""
    with Server(state=new_state(), syncs=True) as server:
        before = server.syncs()
        got = server.load("--pairs", 0, "--letter-senders", senders, "--owners", usual(OWNERS, 10), "--letter-window", window,
                          "--seconds", usual(5, 0.2))
        stats = server.stats()
        syncs = server.syncs() - before
    if stats["mail_waiting"]["letters"] != got["letters_in_all"]:
        sys.exit("%d letters were acked, and %d wait" % (got["letters_in_all"], stats["mail_waiting"]["letters"]))
    got["letters_a_commit"] = ratio(stats["mail_stored_total"], stats["mail_commits_total"])
    if syncs < stats["mail_commits_total"]:
        sys.exit("%d commits of letters, and %d syncs" % (stats["mail_commits_total"], syncs))
    return got


def part_letters():
    kind, syncs, cpu = disk()
    row("4 KiB written and synced on this disk (%s), a second" % kind, syncs)
    row("  CPU of each", cpu, None, "us")
    for window in (64, 8, 1):
        got = [store_letters(SENDERS, window) for _ in range(RUNS)]
        rows_of("letters stored a second, %d senders, %d owners, %d in flight each" % (SENDERS, OWNERS, window),
                [g["letters_s"] for g in got], 3000 if window > 1 else None, least=True)
        rows_of("  CPU of the server a letter", [g["server_us_a_letter"] for g in got], None, "us")
        rows_of("  until the ack, 99 %", [g["letter_p99_us"] / 1000 for g in got], None, "ms")
        rows_of("  letters a commit", [g["letters_a_commit"] for g in got])
        rows_of("  cores of the generator", [g["generator_cores"] for g in got])
    row("bytes of a letter", got[0]["letter_bytes"])


def part_letters_live():
    """Live messages, by turns alone and while letters are stored. simsd has both cores, as its disk's threads need one.

    The goal is from socket to socket: the same generator seals the letters, which delays what it sees.
    """
    load = ("--pairs", usual(500, 10), "--rate", usual(5000, 500), "--seconds", usual(5, 0.3))
    letters = ("--letter-senders", SENDERS, "--owners", usual(OWNERS, 10), "--letters-per-second", usual(1000, 100))
    first = URGENT if may_run([*URGENT, "true"]) else ()
    alone, beside = [], []
    for _ in range(usual(2 * RUNS, 1)):  # 99 % of 5 s is uneven
        alone.append(simsd(*load, cpus="0,1", state=new_state(), first=first))
        beside.append(simsd(*load, *letters, cpus="0,1", state=new_state(), first=first))
    rows_of("5,000 messages a second, 1,000 connections: 99 %", [r["p99_us"] for r in alone], None, "us")
    rows_of("  while 1,000 letters a second are stored", [r["p99_us"] for r in beside], None, "us")
    rows_of("  times that without letters", [ratio(b["p99_us"], a["p99_us"]) for a, b in zip(alone, beside)])
    rows_of("  from socket to socket, without letters", [r["hop_p99_us"] for r in alone], None, "us")
    rows_of("    with letters", [r["hop_p99_us"] for r in beside], None, "us")
    rows_of("    times that without letters", [ratio(b["hop_p99_us"], a["hop_p99_us"]) for a, b in zip(alone, beside)], 1.2)
    rows_of("  letters stored a second", [r["letters_s"] for r in beside])
    rows_of("    until the ack, 99 %", [r["letter_p99_us"] / 1000 for r in beside], None, "ms")


def part_letters_waiting():
    """An empty mail.db and one with many letters, by turns; the same ids are registered."""
    letters = usual(100_000, 500)
    for state, count in (("full", letters), ("empty", 1)):  # with one letter: its clients are registered, too
        with Server(state=state) as server:
            got = server.load("--pairs", 0, "--letter-senders", SENDERS, "--owners", usual(OWNERS, 10), "--letters", count,
                              "--seconds", 300, "--warmup", 0)
        if state == "full":
            grown = (got["rss_end_kib"] - got["rss_warm_kib"]) / 1024
    found = {"full": [], "empty": []}
    for _ in range(3 * RUNS):
        for state in found:
            with Server(state=state) as server:
                waiting = server.stats()["mail_waiting"]["letters"]
                if (waiting >= letters) != (state == "full"):
                    sys.exit("%d letters wait in the %s mail.db" % (waiting, state))
                time.sleep(usual(1.5, 0.1))  # keys are made ahead meanwhile
                found[state].append((server.resident_kib() / 1024, server.ready_ms))
    more = [f[0] - e[0] for f, e in zip(found["full"], found["empty"])]
    rows_of("resident memory of a server with an empty mail.db", [e[0] for e in found["empty"]], None, "MiB")
    rows_of("  with {:,} letters: more".format(letters), more, 8, "MiB")
    row("  while it stores these letters: more", grown, None, "MiB")
    rows_of("start to ready with an empty mail.db", [e[1] for e in found["empty"]], None, "ms")
    rows_of("  with {:,} letters".format(letters), [f[1] for f in found["full"]], None, "ms")
    rows_of("  times that with an empty one, of the medians",
            [ratio(median([f[1] for f in found["full"]]), median([e[1] for e in found["empty"]]))], 1.1)


def part_letters_login():
    got = []
    for _ in range(RUNS):
        with Server(state=new_state()) as server:
            got.append(server.load("--pairs", 0, "--letter-senders", 20, "--owners", 1, "--session-letters", 50,
                                   "--letters", usual(1000, 40), "--seconds", 60, "--warmup", 0, "--collect"))
            until = time.monotonic() + 10
            while waiting := server.stats()["mail_waiting"]["letters"]:  # until the last ack's commit
                if time.monotonic() > until:
                    sys.exit("%d letters wait after their owner acked them" % waiting)
                time.sleep(0.01)
    rows_of("1,000 letters of 20 sessions given after a login, acked at once", [g["collect_ms"] for g in got], 1000, "ms")
    rows_of("  CPU of the client meanwhile", [g["collect_cpu_ms"] for g in got], None, "ms")


def part_letters_client():
    runs = [micro("^letter/|^client_letter/") for _ in range(RUNS)]
    for name in ("ecdhe_written", "ecdhe_read", "rsa_written", "rsa_read"):
        rows_of("a letter of 10, the protocol's part: %s" % name.replace("_", ", "), [r["letter/" + name] for r in runs], 500, "us")
    for name, what, goal in (("sent", "CPU of a client for a letter of 10: typed, stored, sent, acked", 500),
                             ("sent_in_memory", "  with the store in memory, so without the kernel's work for fsync()", None),
                             ("read", "  come, opened, stored, receipted", 500),
                             ("read_in_memory", "  with the store in memory", None),
                             ("prekey_in_spare_time", "  a new prekey, in spare time: one for 10 letters", None)):
        rows_of(what, [r["client_letter/%s/iterations:3" % name] for r in runs], goal, "us")


def part_letters_peers():
    """Other servers that keep messages for people who are away, by turns with simsd, each on one core."""
    peers = [peer for peer in mail_peers.PEERS if peer.installed()]
    for senders in usual((SENDERS, 64), (SENDERS,)):
        ours, theirs = [], {peer: [] for peer in peers}
        for _ in range(RUNS):
            ours.append(store_letters(senders, 64))
            for peer in peers:
                theirs[peer].append(mail_peers.measure(peer, BUILD, senders=senders, owners=usual(OWNERS, 10), window=64,
                                                       seconds=usual(5, 0.3), size=int(ours[0]["letter_bytes"])))
        rows_of("simsd: letters stored a second, %d senders" % senders, [g["letters_s"] for g in ours])
        rows_of("  letters a commit, each synced before its acks", [g["letters_a_commit"] for g in ours])
        for peer in peers:
            got = theirs[peer]
            rows_of("%s: messages stored a second" % peer.name, [g["stored_s"] for g in got])
            rows_of("  simsd: times that", [ratio(o["letters_s"], g["stored_s"]) for o, g in zip(ours, got)], peer.goal, least=True)
            rows_of("  its CPU a message (simsd %.3g)" % median([o["server_us_a_letter"] for o in ours]),
                    [g["server_us"] for g in got], None, "us")
            rows_of("  fdatasync and fsync a second (%s)" % peer.truth, [g["syncs_s"] for g in got])
            rows_of("  cores of the generator", [g["generator_cores"] for g in got])
    for peer in mail_peers.PEERS:
        if peer not in peers:
            say("  %s: not installed (%s)" % (peer.name, " ".join(peer.packages)))
