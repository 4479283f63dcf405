"""Confirmed state survives the loss of the process or its disk. (Power cuts: tests/server/accounts/power_cut_test.cc.)"""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from harness import SLOW, Failure, Skip, check, until

KILLS = int(os.environ.get("KILLS", "20"))
RESTART = 2 * SLOW  # s
TAKEN = "the name is taken there"


def confirmed(clients):
    """The names that logged in; the other clients have lost their server and need not try again."""
    names = []
    for name, client in clients.items():
        if client.poll() is None:
            client.kill()
        client.communicate()
        if client.returncode == 0:
            names.append(name)
    return names


def test_registrations_survive_kill_9(world):
    """attack 44: after kill -9 of simsd each name is served again within 2 s."""
    rng = random.Random(1)
    names, slowest, cut_off = [], 0, 0
    for cycle in range(KILLS):
        began = time.monotonic()
        server = world.server("--suites", "ecdhe")
        slowest = max(slowest, time.monotonic() - began)
        clients = {f"c{cycle}-{n}": world.start_sims(f"c{cycle}-{n}", server, "list") for n in range(4)}
        # Any moment between the first connection and the last answer, mostly while some clients wait for an answer.
        wanted = rng.randrange(4)
        until(lambda: server.log().count("event=login "), lambda n: n >= wanted, f"{wanted} logins")
        time.sleep(rng.uniform(0, 0.03 * SLOW))
        server.stop(signal.SIGKILL)
        new = confirmed(clients)
        names += new
        cut_off += len(clients) - len(new)
    check(slowest <= RESTART, f"a restart took {slowest:.2f} s")
    check(names and cut_off, f"{len(names)} were confirmed, {cut_off} cut off: nothing is shown")
    server = world.server("--suites", "ecdhe", "--registration", "closed")  # a forgotten name gets an error
    for name in names:
        world.sims(name, server, "list")
    for name in rng.sample(names, min(3, len(names))):
        world.sims("thief", server, "list", options=("--accept-new", "--name", name), expect=None)
        check(world.last_status != 0 and TAKEN in world.last_error, f"{name}: {world.last_error}")
    world.note(f"{KILLS} kills, {len(names)} confirmed, {cut_off} cut off, ready again within {slowest:.2f} s")


def small_disk(world, size):
    """A command that runs simsd with a state folder on a disk of its own."""
    (world.path / "state").mkdir(mode=0o700)
    mount = f'mount -t tmpfs -o size={size},mode=0700 tmpfs "$0" && exec "$@"'
    for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
        command = [*unshare, "/bin/sh", "-c", mount, str(world.path / "state")]
        if subprocess.run([*command, "true"], capture_output=True, env=world.env).returncode == 0:
            return command
    raise Skip("no mount namespace may be made here")


def test_a_full_disk_refuses_registrations_and_nothing_else(world):
    """attack 44: on a full disk new names are refused, and relaying goes on."""
    server = world.server(before=small_disk(world, "1m"))
    listening = world.start_sims("bob", server, "listen")
    world.await_online(server, "bob")
    world.sims("alice", server, "list")
    filler = f"/proc/{server.process.pid}/root{server.state}/filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    # First use up the space that is left in the write-ahead log.
    for n in range(200):
        world.sims(f"new{n}", server, "list", expect=None)
        if world.last_status != 0:
            break
    check("the registration could not be stored; try again later" in world.last_error, f"new{n}: {world.last_error}")
    check("event=registration-not-stored" in server.log() and "disk is full" in server.log(), server.log()[-2000:])
    for _ in range(3):
        world.sims("late", server, "list", expect=None)
        check(world.last_status != 0, "it was registered on a full disk")
        world.sims("alice", server, "send", "bob", "hello")  # relaying goes on
    os.unlink(filler)
    world.sims("late", server, "list")
    world.sims("thief", server, "list", options=("--accept-new", "--name", "late"), expect=None)
    check(TAKEN in world.last_error, world.last_error)
    listening.kill()
    check(listening.communicate()[0].count("hello") == 3, "not every message arrived")


def test_a_damaged_database_is_refused_and_restored_as_the_manual_says(world):
    server = world.server()
    world.sims("alice", server, "list")
    server.stop()
    database, copy = server.state / "accounts.db", world.path / "copy.db"
    shutil.copy(database, copy)
    with open(database, "r+b") as file:
        file.truncate(4096)
    try:
        world.server()
        check(False, "it started on a damaged database")
    except Failure as refused:
        check(re.search(r"accounts.db: damaged: .*; restore it from a backup", str(refused)), str(refused))
        check("ended with 1" in str(refused), str(refused))
    check(database.stat().st_size == 4096, "the refused file was changed")
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    subprocess.run(["install", "-m", "600", copy, database], check=True)
    world.sims("alice", world.server("--registration", "closed"), "list")


def test_accounts_that_were_lost_are_missed(world):
    """attack 44: a missing or emptied accounts.db does not free the names. After the manual's advice simsd starts without names."""
    server = world.server()
    world.sims("alice", server, "list")
    server.stop()
    database = server.state / "accounts.db"

    def refused(words):
        try:
            world.server()
            check(False, f"it started: {words}")
        except Failure as refusal:
            check(re.search(rf"accounts.db {words}.*; put a backup in its place", str(refusal)), str(refusal))

    for size in (1, 0):
        os.truncate(database, size)
        refused("is empty")
        check(database.stat().st_size == size, "the refused file was changed")
    (server.state / "lost").mkdir()
    for file in server.state.glob("accounts.db*"):
        file.rename(server.state / "lost" / file.name)
    refused("is missing beside an identity")
    (server.state / "accounts.db.begun").touch()
    world.sims("alice", world.server(), "list")
    check(not (server.state / "accounts.db.begun").exists(), "the marker stays")
