"""Shared by the tests of sims: its exit statuses, conversations by script, and commands that go through a holder."""

import json

from harness import DEADLINE, check, until

# sims(1), EXIT STATUS
FAILURE, USAGE, NO_SERVER, SERVER_KEY, PEER_KEY, NO_PEER, TIMEOUT, REFUSED, LOCKED, MAILED = range(1, 11)


def received(process, seconds=DEADLINE):
    """Waits for a `sims listen --json` that exits by itself; returns its messages."""
    out, errors = process.communicate(timeout=seconds)
    check(process.returncode == 0, f"sims listen: exit status {process.returncode}\n{out}{errors}")
    return [json.loads(line) for line in out.splitlines()]


def meet(world, server, who="bob", count=1, options=("--accept-new",)):
    """Starts who's `sims listen`, returns it once the others see who online."""
    listener = world.start_sims(who, server, "listen", "--json", "--count", count, options=options)
    world.await_online(server, who)
    return listener


def stranger(world):
    """Alice writes to bob, who does not know her; returns the server and the lines that bob's listen printed."""
    server = world.server()
    world.sims("bob", server, "list")
    bob = listen(world, "bob", server, options=())  # he stays: else the text would go by letter
    world.sims("alice", server, "send", "bob", "may I?", "--timeout", 5, expect=TIMEOUT)
    (message,), _ = end(bob)
    check(message["body"] == "may I?" and message["request"], f"bob got {message}")
    request, = [json.loads(line) for line in world.sims("bob", None, "requests", "--json").splitlines()]
    check(request["name"] == "alice" and request["messages"] == 1, f"request: {request}")
    check("alice" in world.sims("bob", None, "requests"), "not printed")
    return server


def listen(world, who, server, *words, options=("--accept-new",)):
    """Starts who's `sims listen`; returns it once other commands can go through it."""
    listener = world.start_sims(who, server, "listen", "--json", *words, options=options)
    world.await_online(server, who)
    return listener


def end(process):
    process.terminate()
    out, errors = process.communicate(timeout=DEADLINE)
    return [json.loads(line) for line in out.splitlines()], errors


def history(world, who, peer):
    return [json.loads(line) for line in world.sims(who, None, "history", "--json", peer).splitlines()]


def deliveries(world, *wanted):
    """Waits for these delivery marks in alice's history with bob; a mark is on disk within a second."""
    until(lambda: history(world, "alice", "bob"), lambda rows: [row["delivery"] for row in rows] == list(wanted), f"{wanted}")


def bodies(messages):
    return [message["body"] for message in messages]
