"""sims from outside: the store with its history, passphrase, key file and backup."""

import json
import stat

from conversations import FAILURE, LOCKED, NO_PEER, meet, received, stranger
from harness import DEADLINE, check


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


def test_history(world):
    server = world.server()
    bob = meet(world, server, count=2)
    world.sims("alice", server, "send", "bob", "Grüße, 世界")
    world.sims("alice", server, "send", "bob", "two\nlines")
    got = received(bob)
    check([m["request"] for m in got] == [False, False], f"bob got {got}")

    lines = world.sims("alice", None, "history", "bob").splitlines()
    check(len(lines) == 2 and lines[0].endswith("Z + Grüße, 世界"), f"alice's history: {lines}")
    said = [json.loads(line) for line in world.sims("bob", None, "history", "alice", "--json").splitlines()]
    check([(m["body"], m["mine"]) for m in said] == [("Grüße, 世界", False), ("two\nlines", False)], f"bob's: {said}")
    mine = [json.loads(line) for line in world.sims("alice", None, "history", "bob", "--json").splitlines()]
    check([m["uid"] for m in mine] == [m["uid"] for m in said], "the uids differ")
    check("LINES" not in world.sims("bob", None, "history", "alice", "--search", "grÜSSE"), "found too much")
    check(len(world.sims("bob", None, "history", "alice", "--search", "LINES").splitlines()) == 1, "found nothing")
    check(world.sims("bob", None, "history", "alice", "--limit", 1).endswith("lines\n"), "not the newest")
    check(world.sims("bob", None, "history", "alice", "--limit", 1, "--search", "ü").endswith("世界\n"), "not found")
    world.sims("bob", None, "history", "carol", expect=NO_PEER)

    world.sims("bob", None, "export", "alice", "out.json", "--json")
    file = world.path / "out.json"
    check([json.loads(line) for line in file.read_text().splitlines()] == said, "exported something else")
    check(stat.S_IMODE(file.stat().st_mode) == 0o600, "what was exported is open to others")
    world.sims("bob", None, "export", "alice", "out.json", expect=FAILURE)
    check(world.sims("bob", None, "export", "alice").count("\n") == 2, "not exported to standard output")

    world.sims("bob", None, "erase", "alice")
    check(world.sims("bob", None, "history", "alice") == "", "not erased")
    check(len(world.sims("alice", None, "history", "bob").splitlines()) == 2, "alice's was erased")


def test_history_beside_a_running_program(world):
    server = world.server()
    bob = world.start_sims("bob", server, "listen", "--json")
    world.await_online(server, "bob")
    world.sims("alice", server, "send", "bob", "hello")
    check(world.sims("bob", None, "history", "alice").endswith("< hello\n"), "not in the history")
    world.sims("bob", None, "erase", "alice")
    check(world.sims("bob", None, "history", "alice") == "", "not erased")
    bob.terminate()
    bob.wait(DEADLINE)


def test_no_history(world):
    server = world.server()
    bob = meet(world, server, options=("--accept-new", "--no-history"))
    world.sims("alice", server, "send", "bob", "hello", options=("--accept-new", "--no-history"))
    received(bob)
    check(world.sims("bob", None, "history", "alice") == "", "bob kept it")
    check(world.sims("alice", None, "history", "bob") == "", "alice kept it")


def test_what_was_not_delivered_is_given_up(world):
    """A text that was reported as failed is never sent later."""
    server = stranger(world)
    line, = world.sims("alice", None, "history", "bob").splitlines()
    check(line.endswith("x may I?"), f"alice's history: {line}")
    world.sims("bob", None, "decline", "alice")
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "again")
    message, = received(bob)
    check(message["body"] == "again", f"bob got {message}")


def asked(world, who, *words):
    """`sims` at a terminal."""
    return world.terminal(*world._sims(who, None, words, ()))


def test_passphrase(world):
    server = world.server()
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "secret")
    received(bob)
    check(world.sims("alice", None, "passphrase", "--status") == "none\n", "no passphrase was set")
    world.sims("alice", None, "passphrase", expect=FAILURE)  # no terminal to ask

    terminal = asked(world, "alice", "passphrase")
    terminal.see("New passphrase:")
    terminal.enter("correct horse")
    terminal.see("again:")
    terminal.enter("incorrect horse")
    terminal.see("they differ")
    check(terminal.await_end() == FAILURE, "taken though they differ")
    check("horse" not in terminal.screen(), "shown on the screen")
    check(world.sims("alice", None, "passphrase", "--status") == "none\n", "changed though they differ")
    terminal = asked(world, "alice", "passphrase")
    terminal.see("New passphrase:")
    terminal.enter("correct horse")
    terminal.see("again:")
    terminal.enter("correct horse")
    check(terminal.await_end() == 0, terminal.screen())

    check(world.sims("alice", None, "passphrase", "--status") == "passphrase\n", "not set")
    world.sims("alice", None, "id")  # public
    world.sims("alice", None, "history", "bob", expect=LOCKED)
    check("no terminal" in world.last_error, world.last_error)
    world.sims("alice", server, "send", "bob", "hello", expect=LOCKED)
    terminal = asked(world, "alice", "history", "bob")
    terminal.see("Passphrase of the store:")
    terminal.enter("wrong")
    terminal.see("wrong passphrase")
    terminal.enter("correct horse")
    terminal.see("Z \\+ secret")
    check(terminal.await_end() == 0, terminal.screen())
    terminal = asked(world, "alice", "history", "bob")
    terminal.see("Passphrase of the store:")
    terminal.key("C-c")
    check(terminal.await_end() == LOCKED, terminal.screen())
    terminal = asked(world, "alice", "passphrase", "--remove")
    terminal.see("Passphrase of the store:")
    terminal.enter("correct horse")
    check(terminal.await_end() == 0, terminal.screen())
    check("secret" in world.sims("alice", None, "history", "bob"), "not open")


def test_key_file(world):
    world.sims("alice", None, "id")
    world.sims("alice", None, "passphrase", "--new-key-file", "key")
    check(stat.S_IMODE((world.path / "key").stat().st_mode) == 0o600, "the key file is open to others")
    check(world.sims("alice", None, "passphrase", "--status") == "key file\n", "not set")
    world.sims("alice", None, "requests", expect=LOCKED)
    check("--key-file" in world.last_error, world.last_error)
    world.sims("alice", None, "requests", options=("--key-file", "key"))
    world.sims("alice", None, "requests", options=("--key-file", "missing"), expect=LOCKED)
    world.env["SIMS_KEY_FILE"] = "key"
    world.sims("alice", None, "requests")
    (world.path / "key").chmod(0o644)
    world.sims("alice", None, "requests", expect=LOCKED)
    (world.path / "key").chmod(0o600)
    world.sims("alice", None, "passphrase", "--remove")
    del world.env["SIMS_KEY_FILE"]
    world.sims("alice", None, "requests")


def test_restored_backup(world):
    server = world.server()
    world.sims("alice", server, "list")
    backup = (world.path / "alice" / "store.db").read_bytes()
    world.sims("alice", server, "list")
    check("backup" not in world.last_error, world.last_error)
    (world.path / "alice" / "store.db").write_bytes(backup)
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    check("backup" in world.last_error, world.last_error)
    received(bob)
    world.sims("alice", server, "list")
    check("backup" not in world.last_error, world.last_error)
