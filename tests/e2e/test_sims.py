"""sims from outside: conversations through scripts."""

import json
import os
import re
import shlex
import socket
import subprocess
import time

from conversations import FAILURE, NO_PEER, NO_SERVER, TIMEOUT, USAGE, meet, received
from harness import BUILD, DEADLINE, ROOT, Skip, check, until


def talk(world, suite):
    server = world.server()
    bob = meet(world, server, options=("--accept-new", "--suite", suite))
    # With RSA the server may be busy, without a ready key, for a moment.
    until(lambda: world.sims("alice", server, "send", "bob", "Grüße, 世界 🌍", expect=None,
                             options=("--accept-new", "--suite", suite)) + world.last_error,
          lambda _: world.last_status == 0, "delivery")
    message, = received(bob)
    check(message["from"] == "alice" and message["body"] == "Grüße, 世界 🌍", f"bob got {message}")


def test_talk_with_ecdhe(world):
    talk(world, "ecdhe")


def test_talk_with_rsa(world):
    talk(world, "rsa")


def members_in_man(command):
    """The fields of the objects that `sims COMMAND --json` prints, as sims(1) lists them."""
    section = (ROOT / "man/sims.1").read_text().split(".Ss JSON\n")[1].split(".Sh ")[0]
    for names, table in re.findall(r"((?:^\.Cm .*\n|^and\n)+)^\.Bl .*\n((?:.*\n)*?)^\.El", section, re.M):
        if command in re.findall(r"\w+", names):
            return set(" ".join(re.findall(r"^\.It Va (.*)", table, re.M)).replace(",", " ").split())
    return set()


def test_members_of_json_are_in_the_man_page(world):
    server = world.server()
    world.sims("alice", server, "list")
    alice = meet(world, server, "alice", options=())
    bob = world.start_sims("bob", server, "send", "--wait-for", "delivered", "--timeout", DEADLINE, "alice", "hello")
    found = {"requests": until(lambda: world.sims("alice", server, "requests", "--json"), bool, "the request")}
    found["listen"], _ = alice.communicate(timeout=DEADLINE)
    world.sims("alice", server, "accept", "bob")
    check(bob.poll() is None, "a proof went to a stranger")
    bob.kill()
    bob = meet(world, server, "bob")
    found |= {"list": world.sims("alice", server, "list", "--json"), "find": world.sims("alice", server, "find", "bob", "--json")}
    world.sims("alice", server, "send", "bob", "hello back")
    received(bob)
    found |= {command: world.sims("alice", server, command, "bob", "--json") for command in ("history", "export")}
    for command, lines in found.items():
        members = set().union(*(json.loads(line) for line in lines.splitlines()))
        check(members and members <= members_in_man(command), f"{command}: {members} are not {members_in_man(command)}")


def test_text_from_standard_input(world):
    server = world.server()
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "-", stdin="two\nlines\n")
    message, = received(bob)
    check(message["body"].rstrip("\n") == "two\nlines", f"bob got {message}")


def test_many_in_order(world):
    server = world.server()
    bob = meet(world, server, count=5)
    for i in range(5):
        world.sims("alice", server, "send", "bob", f"number {i}")
    got = [m["body"] for m in received(bob)]
    check(got == [f"number {i}" for i in range(5)], f"bob got {got}")


def test_ten_sends_in_a_row(world):
    """The seventh text within a minute is as quick as the first: a contact's calls have no silent limit."""
    server = world.server()
    bob = meet(world, server, count=10)
    for i in range(10):
        world.sims("alice", server, "send", "--timeout", "8", "bob", f"number {i}")
    got = [m["body"] for m in received(bob)]
    check(got == [f"number {i}" for i in range(10)], f"bob got {got}")


def test_twenty_sends_at_once_to_one_peer(world):
    """With --suite each command makes its own connection and call. The seventh call to a peer within a minute is
    answered, too."""
    server = world.server()
    bob = meet(world, server, count=20)
    own = ("--accept-new", "--suite", "ecdhe", "--wait", str(DEADLINE))
    senders = [world.start_sims("alice", server, "send", "--timeout", "8", "bob", f"number {i}", options=own) for i in range(20)]
    for sender in senders:
        _, errors = sender.communicate(timeout=DEADLINE)
        check(sender.returncode == 0, f"{sender.returncode}: {errors}")
    got = sorted(m["body"] for m in received(bob))
    check(got == sorted(f"number {i}" for i in range(20)), f"bob got {got}")


def test_many_strangers_at_once(world):
    server = world.server()
    bob = meet(world, server, count=12)
    senders = [world.start_sims(f"user{i}", server, "send", "bob", f"from {i}", options=("--accept-new",)) for i in range(12)]
    for sender in senders:
        _, errors = sender.communicate(timeout=DEADLINE)
        check(sender.returncode == 0, f"{sender.returncode}: {errors}")
    got = sorted(m["body"] for m in received(bob))
    check(got == sorted(f"from {i}" for i in range(12)), f"bob got {got}")


def test_what_cannot_be_printed_is_not_acknowledged(world):
    """attack 44: a full disk: a text that cannot be printed stays in the history, and the exit status says so."""
    server = world.server()
    with open("/dev/full", "w") as full:
        bob = world.start_sims("bob", server, "listen", stdout=full)
        world.await_online(server, "bob")
        world.sims("alice", server, "send", "--timeout", "3", "--wait-for", "delivered", "bob", "lost?",
                   expect=TIMEOUT)
        _, errors = bob.communicate(timeout=DEADLINE)
    check(bob.returncode == FAILURE and "standard output" in errors, f"{bob.returncode}: {errors}")
    check("are in the store, unread: sims history alice" in errors, errors)
    check("lost?" in world.sims("bob", server, "history", "alice"), "it is not in the history")


def test_id_and_list(world):
    server = world.server()
    alice = world.sims("alice", None, "id").strip()
    check(re.fullmatch(r"[A-Za-z0-9_-]{43}", alice), f"printed {alice!r}")
    bob = meet(world, server)
    listed = [json.loads(line) for line in world.sims("alice", server, "list", "--json").splitlines()]
    names = {peer["name"]: peer for peer in listed}
    check(names["bob"]["id"] == world.sims("bob", None, "id").strip(), f"listed {listed}")
    bob.terminate()
    bob.wait(DEADLINE)
    until(lambda: world.sims("alice", server, "list"), lambda out: "bob" not in out, "bob gone from the list")


def test_unknown_peers(world):
    server = world.server()
    world.sims("alice", server, "send", "nobody", "hello", "--timeout", 2, expect=NO_PEER)
    check("there is no user nobody" in world.last_error, world.last_error)
    world.sims("alice", server, "fingerprint", "nobody", expect=NO_PEER)
    check("there is no user nobody" in world.last_error, world.last_error)


def test_find(world):
    server = world.server()
    bob = meet(world, server)
    ident = world.sims("bob", None, "id").strip()
    found = json.loads(world.sims("alice", server, "find", "--json", "bob"))
    check(found == {"name": "bob", "id": ident, "trust": "new", "status": "online"}, found)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    until(lambda: world.sims("watcher", server, "list"), lambda out: "bob" not in out, "bob gone from the list")
    line = world.sims("alice", server, "find", "--", ident)
    check(line.split() == ["bob", "unverified", ident, "offline"], line)
    world.sims("alice", server, "find", "nobody", expect=NO_PEER)
    check("there is no user nobody" in world.last_error, world.last_error)
    world.sims("alice", server, "find", "A" * 43, expect=NO_PEER)
    world.sims("alice", server, "find", "Not A Name", expect=USAGE)


def test_listen_times_out(world):
    server = world.server()
    for seconds in (1, 8, 32):  # a slow machine needs longer for the login
        world.sims("bob", server, "listen", "--count", 1, "--timeout", seconds, expect=None)
        if world.last_status != NO_SERVER:
            break
    check(world.last_status == TIMEOUT, f"exit status {world.last_status}: {world.last_error}")


def test_closed_standard_descriptors(world):
    """No file of the home becomes descriptor 1 and gets the output."""
    server = world.server()
    bob = world.start_sims("bob", server, "listen", closed=">&-")
    world.await_online(server, "bob")
    world.sims("alice", server, "send", "--timeout", "3", "--wait-for", "delivered", "bob", "in the clear",
               expect=TIMEOUT)
    _, errors = bob.communicate(timeout=DEADLINE)
    check(bob.returncode == FAILURE and "standard output" in errors, f"{bob.returncode}: {errors}")
    for path in (world.path / "bob").rglob("*"):
        check(not path.is_file() or b"in the clear" not in path.read_bytes(), f"{path} holds the text")


def test_listen_without_a_server(world):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = "127.0.0.1:%d" % silent.getsockname()[1]
        world.sims("bob", address, "listen", "--timeout", "1", expect=NO_SERVER)
    check("no answer" in world.last_error, world.last_error)


def test_usage(world):
    for words in ((), ("nonsense",), ("send",), ("verify", "bob"), ("list", "--nonsense")):
        world.sims("alice", None, *words, expect=USAGE)
    server = world.server()
    world.sims("alice", server, "list", options=("--accept-new", "--name", "No Name"), expect=USAGE)


def test_server_down(world):
    server = world.server()
    server.stop()
    world.sims("alice", server, "list", expect=NO_SERVER)
    check(server.address in world.last_error, f"said {world.last_error!r}")


def test_time_of_a_login(world):
    """Measures without limit: starting the program, logging in with ECDHE, the list, the exit."""
    server = world.server()
    world.sims("alice", server, "list")
    times = []
    for _ in range(5):
        began = time.monotonic()
        world.sims("alice", server, "list")
        times.append(time.monotonic() - began)
    world.note(f"sims list: {min(times) * 1000:.0f} ms")


def test_few_descriptors(world):
    """attack 44: no descriptors: a failed start prints an error, in all four programs."""
    server = world.server()
    world.sims("alice", server, "list")
    programs = {
        "sims": world._sims("alice", server, ("list",), ()),
        "sims-tui": ["script", "-qec", shlex.join(map(str, world.tui_command("alice", server))), "/dev/null"],
        "simsctl": [str(BUILD / "simsctl"), "--state-dir", str(server.state), "status"],
        "simsd": [str(BUILD / "simsd"), "--state-dir", str(world.path / "few"), "--listen", "127.0.0.1:0"],
    }
    for name, command in programs.items():
        for limit in range(3, 17):
            words = ["/bin/sh", "-c", 'ulimit -n "$0" && exec "$@"', str(limit), *map(str, command)]
            run = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=world.env,
                                 cwd=world.path, timeout=DEADLINE)
            if name == "simsctl" and run.returncode == 0:
                continue
            check(run.returncode > 0 and run.returncode < 128, f"{name} with {limit}: {run}")
            check((run.stderr + run.stdout).strip(), f"{name} with {limit} says nothing: {run}")


def test_few_threads(world):
    """attack 44: no threads: a failed start prints an error, in all programs that start threads."""
    if os.environ.get("VARIANT") in ("asan", "tsan"):
        raise Skip("a sanitizer needs much address space")
    server = world.server()
    world.sims("alice", server, "list")
    programs = {
        "sims": world._sims("alice", server, ("list",), ()),
        "sims-tui": ["script", "-qec", shlex.join(map(str, world.tui_command("alice", server))), "/dev/null"],
        "simsd": [str(BUILD / "simsd"), "--state-dir", str(world.path / "few"), "--listen", "127.0.0.1:0"],
    }
    for name, command in programs.items():
        # Each thread's stack takes this much address space.
        words = ["/bin/sh", "-c", 'ulimit -s 131072 && ulimit -v 300000 && exec "$@"', "sh", *map(str, command)]
        run = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=world.env,
                             cwd=world.path, timeout=DEADLINE)
        check(0 < run.returncode < 128, f"{name}: {run}")
        check("threads can be started" in run.stderr + run.stdout, f"{name}: {run}")


def test_no_home(world):
    """Without HOME each program prints an error."""
    env = {key: value for key, value in world.env.items() if key != "HOME"}
    for name, words in (("sims", ("id",)), ("sims-tui", ())):
        run = subprocess.run([str(BUILD / name), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             env=env, cwd=world.path, timeout=DEADLINE)
        check(run.returncode in (1, 2) and "HOME" in run.stderr, f"{name}: {run}")
