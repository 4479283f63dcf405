"""sims from outside: two people who talk through scripts."""

import json
import re
import socket
import stat
import time

from harness import DEADLINE, check, until

# sims(1), EXIT STATUS
FAILURE, USAGE, NO_SERVER, SERVER_KEY, PEER_KEY, NO_PEER, TIMEOUT, REFUSED = range(1, 9)


def received(process, seconds=DEADLINE):
    """The messages of a `sims listen --json` that ends by itself."""
    out, errors = process.communicate(timeout=seconds)
    check(process.returncode == 0, f"sims listen: exit status {process.returncode}\n{out}{errors}")
    return [json.loads(line) for line in out.splitlines()]


def meet(world, server, who="bob", count=1, options=("--accept-new",)):
    """Starts who's `sims listen`, returns it once the others see who online."""
    listener = world.start_sims(who, server, "listen", "--json", "--count", count, options=options)
    world.await_online(server, who)
    return listener


def talk(world, suite):
    server = world.server()
    bob = meet(world, server, options=("--accept-new", "--suite", suite))
    # With RSA the server may be out of keys for a moment: busy.
    until(lambda: world.sims("alice", server, "send", "bob", "Grüße, 世界 🌍", expect=None,
                             options=("--accept-new", "--suite", suite)) + world.last_error,
          lambda _: world.last_status == 0, "delivery")
    message, = received(bob)
    check(message["from"] == "alice" and message["body"] == "Grüße, 世界 🌍", f"bob got {message}")


def test_talk_with_ecdhe(world):
    talk(world, "ecdhe")


def test_talk_with_rsa(world):
    talk(world, "rsa")


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


def test_what_cannot_be_printed_is_not_acknowledged(world):
    server = world.server()
    with open("/dev/full", "w") as full:
        bob = world.start_sims("bob", server, "listen", stdout=full)
        world.await_online(server, "bob")
        world.sims("alice", server, "send", "--timeout", "3", "bob", "lost?", expect=TIMEOUT)
        _, errors = bob.communicate(timeout=DEADLINE)
    check(bob.returncode == FAILURE and "standard output" in errors, f"{bob.returncode}: {errors}")


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


def test_unknown_and_offline_peers(world):
    server = world.server()
    world.sims("alice", server, "send", "nobody", "hello", "--timeout", 2, expect=NO_PEER)
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    until(lambda: world.sims("watcher", server, "list"), lambda out: "bob" not in out, "bob gone from the list")
    began = time.monotonic()
    world.sims("alice", server, "send", "bob", "are you there?", "--timeout", 2, expect=NO_PEER)
    check(time.monotonic() - began < 20, "it took too long")


def test_listen_times_out(world):
    server = world.server()
    world.sims("bob", server, "listen", "--count", 1, "--timeout", 1, expect=TIMEOUT)


def test_closed_standard_descriptors(world):
    """No file of the home may become descriptor 1, and be written to."""
    server = world.server()
    bob = world.start_sims("bob", server, "listen", closed=">&-")
    world.await_online(server, "bob")
    world.sims("alice", server, "send", "--timeout", "3", "bob", "in the clear", expect=TIMEOUT)
    _, errors = bob.communicate(timeout=DEADLINE)
    check(bob.returncode == FAILURE and "standard output" in errors, f"{bob.returncode}: {errors}")
    for path in (world.path / "bob").rglob("*"):
        check(not path.is_file() or b"in the clear" not in path.read_bytes(), f"{path} holds the text")


def test_listen_without_a_server(world):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = "127.0.0.1:%d" % silent.getsockname()[1]
        world.sims("bob", address, "listen", "--timeout", "1", expect=NO_SERVER)
    check("no answer" in world.last_error, world.last_error)


def test_first_contact_needs_a_word(world):
    server = world.server()
    world.sims("alice", server, "list", options=(), expect=SERVER_KEY)
    check(server.id in world.last_error, f"the fingerprint is not shown: {world.last_error}")
    world.sims("alice", server, "list", options=("--accept-new",))
    world.sims("alice", server, "list", options=())


def test_changed_server_key(world):
    first = world.server()
    world.sims("alice", first, "list")
    first.stop()
    second = world.server(state="other", listen=first.address)
    for options in ((), ("--accept-new",)):
        world.sims("alice", second, "list", options=options, expect=SERVER_KEY)
        check(first.id in world.last_error and second.id in world.last_error, f"ids not shown: {world.last_error}")
    check("alice" not in second.log(), f"alice told her name:\n{second.log()}")
    world.sims("alice", None, "forget", second.address)
    world.sims("alice", second, "list")


def test_verify(world):
    server = world.server()
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    seen = world.sims("alice", server, "fingerprint", "bob")
    number = re.search(r"(\d{5} ?){12}", seen.replace("\n", " ").replace("  ", " "))
    check(number, f"no safety number in {seen!r}")
    other = world.sims("bob", server, "fingerprint", "alice")
    digits = re.sub(r"\D", "", number[0])
    check(digits in re.sub(r"\s", "", other), "the two see different numbers")
    wrong = str((int(digits[0]) + 1) % 10) + digits[1:]
    world.sims("alice", server, "verify", "bob", wrong, expect=PEER_KEY)
    check("unverified" in world.sims("alice", server, "fingerprint", "bob"), "verified by a wrong number")
    world.sims("alice", server, "verify", "bob", digits)
    said = world.sims("alice", server, "fingerprint", "bob")
    check("verified" in said and "unverified" not in said, f"not verified: {said}")


def test_remembered_at_one_server_only(world):
    """A server that was said and is not known has no remembered peers; without a word the only bob is meant."""
    server = world.server()
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    digits = re.sub(r"\D", "", world.sims("alice", server, "fingerprint", "bob").split("number")[-1])[:60]
    elsewhere = "127.0.0.1:1"
    world.sims("alice", elsewhere, "fingerprint", "bob", expect=NO_SERVER)
    world.sims("alice", elsewhere, "verify", "bob", digits, expect=NO_SERVER)
    world.sims("alice", elsewhere, "forget", "bob", expect=NO_PEER)
    check("unverified" in world.sims("alice", None, "fingerprint", "bob"), "touched at another server")
    for words in (("list",), ("fingerprint", "bob"), ("forget", "bob")):
        world.sims("alice", "127.0.0.1:99999", *words, expect=USAGE)
    world.sims("alice", None, "forget", "bob")
    world.sims("alice", None, "forget", "bob", expect=NO_PEER)


def test_changed_peer_key(world):
    """Bob's name with another key, on a server that lost its accounts but not its key."""
    server = world.server()
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    server.stop()
    for database in server.state.glob("*.db*"):
        database.unlink()
    (world.path / "bob").rename(world.path / "old-bob")
    server = world.server(listen=server.address)
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "secret", expect=PEER_KEY)
    check(bob.poll() is None, "bob's listen has ended")
    world.sims("alice", server, "forget", "bob")
    world.sims("alice", server, "send", "bob", "again")
    message, = received(bob)
    check(message["body"] == "again", f"bob got {message}")


def test_name_taken(world):
    server = world.server()
    world.sims("alice", server, "list")
    (world.path / "alice").rename(world.path / "first")
    world.sims("alice", server, "list", expect=REFUSED)
    check("belongs to somebody else" in world.last_error, f"said {world.last_error!r}")


def test_second_login_replaces_the_first(world):
    server = world.server()
    bob = meet(world, server)
    home = world.path / "bob-elsewhere"
    home.mkdir(mode=0o700)
    for file in (world.path / "bob").iterdir():
        if file.is_file() and file.name != "lock":
            (home / file.name).write_bytes(file.read_bytes())
            (home / file.name).chmod(0o600)
    world.sims("bob-elsewhere", server, "list", options=("--accept-new", "--name", "bob"))
    check(bob.wait(DEADLINE) == REFUSED, f"the first login ended with {bob.returncode}")


def test_private_files(world):
    server = world.server()
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    home = world.path / "alice"
    check(stat.S_IMODE(home.stat().st_mode) == 0o700, "home is open to others")
    files = [p for p in home.rglob("*") if p.is_file()]
    check({"store.db"} <= {p.name for p in files}, f"files: {files}")
    for path in files:
        check(stat.S_IMODE(path.stat().st_mode) == 0o600, f"{path.name} is open to others")
    (home / "store.db").chmod(0o644)
    world.sims("alice", None, "id", expect=FAILURE)


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
    """Measured, not asserted: starting the program, logging in with ECDHE, the list, the end."""
    server = world.server()
    world.sims("alice", server, "list")
    times = []
    for _ in range(5):
        began = time.monotonic()
        world.sims("alice", server, "list")
        times.append(time.monotonic() - began)
    world.note(f"sims list: {min(times) * 1000:.0f} ms")
