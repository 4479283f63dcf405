"""sims from outside: keys that are new or changed, names that are taken, requests of strangers, blocked peers."""

import re
import shutil
import signal
import socket

from conversations import (NO_PEER, NO_SERVER, PEER_KEY, REFUSED, SERVER_KEY, TIMEOUT, USAGE, end, history, listen, meet,
                           received, stranger)
from harness import DEADLINE, check, until


def test_listen_outlives_a_refusal_in_clear(world):
    """attack 78: an attacker on the way sends `banned` in the server's place: reported once, and tried again."""
    server = world.server()
    world.sims("bob", server, "list")
    address = server.address
    server.stop()
    host, port = address.rsplit(":", 1)
    with socket.create_server((host, int(port))) as forger:
        forger.settimeout(DEADLINE)
        listener = world.start_sims("bob", server, "listen", "--count", 1)
        connection, _ = forger.accept()
        with connection:
            connection.recv(1)
            connection.sendall(b'{"type":"error","code":"banned","message":"go away"}\n')
            connection.recv(65536)
    again = world.server(listen=address)
    world.await_online(again, "bob")
    world.sims("alice", again, "send", "bob", "hello")
    _, errors = listener.communicate(timeout=DEADLINE)
    check(listener.returncode == 0 and errors.count("banned") == 1 and "go away" in errors, errors)


def test_listen_outlives_an_impostor(world):
    """attack 78: an attacker on the way answers with another key: reported once, never accepted, and tried again."""
    first = world.server()
    address = first.address
    listener = world.start_sims("bob", first, "listen", "--count", 1, closed="2>errors")
    world.await_online(first, "bob")
    first.stop()
    impostor = world.server(state="other", listen=address)
    until(lambda: (world.path / "errors").read_text(), lambda errors: "CHANGED" in errors, "a word about the key")
    impostor.stop()
    check("name=bob" not in impostor.log(), f"bob logged in:\n{impostor.log()}")
    again = world.server(listen=address)
    world.await_online(again, "bob")
    world.sims("alice", again, "send", "bob", "hello")
    heard, _ = listener.communicate(timeout=DEADLINE)
    errors = (world.path / "errors").read_text()
    check(listener.returncode == 0 and "hello" in heard and errors.count("CHANGED") == 1, errors)


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
    """An unknown server given by --server has no remembered peers. Without --server the only bob is meant."""
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
    (server.state / "accounts.db.begun").touch()  # gives up the names on purpose
    (world.path / "bob").rename(world.path / "old-bob")
    server = world.server(listen=server.address)
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "secret", expect=PEER_KEY)
    check(bob.poll() is None, "bob's listen has ended")
    world.sims("alice", server, "forget", "bob")
    world.sims("alice", server, "send", "bob", "again")
    message, = received(bob)
    check(message["body"] == "again", f"bob got {message}")


def test_held_for_another_key(world):
    """attack 28: texts that were queued for a forgotten key go to the next one only on the user's word."""
    server = world.server()
    bob = meet(world, server, count=2)
    world.sims("alice", server, "send", "bob", "hello")
    bob.send_signal(signal.SIGSTOP)
    alice = world.start_sims("alice", server, "send", "bob", "my secret")
    until(lambda: world.sims("alice", None, "history", "bob"), lambda said: "my secret" in said, "it is stored")
    for process in (alice, bob):
        process.kill()
        process.wait()
    server.stop()
    for database in server.state.glob("*.db*"):
        database.unlink()
    (server.state / "accounts.db.begun").touch()
    (world.path / "bob").rename(world.path / "old-bob")
    server = world.server(listen=server.address)
    bob = meet(world, server)
    world.sims("alice", server, "forget", "bob")
    check("1 message to bob" in world.last_error and "held" in world.last_error, f"said {world.last_error!r}")
    world.sims("alice", server, "send", "bob", "again")
    check("is held" in world.last_error, f"said {world.last_error!r}")
    message, = received(bob)
    check(message["body"] == "again", f"bob got {message}")
    shutil.copytree(world.path / "alice", world.path / "other")
    world.sims("other", None, "discard", "bob")
    lines = world.sims("other", None, "history", "bob").splitlines()
    check([line.split(" ", 1)[1] for line in lines] == ["+ hello", "x my secret", "+ again"], f"said {lines}")
    world.sims("other", None, "discard", "bob", expect=NO_PEER)
    bob = meet(world, server)
    world.sims("alice", server, "resend", "bob")
    message, = received(bob)
    check(message["body"] == "my secret", f"bob got {message}")
    world.sims("alice", None, "discard", "bob", expect=NO_PEER)


def test_name_taken(world):
    server = world.server()
    world.sims("alice", server, "list")
    (world.path / "alice").rename(world.path / "first")
    world.sims("alice", server, "list", expect=REFUSED)
    check("the name is taken there" in world.last_error, f"said {world.last_error!r}")


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


def test_request_accepted(world):
    server = stranger(world)
    world.sims("bob", None, "accept", "alice")
    check(world.sims("bob", None, "requests") == "", "still a request")
    check("may I?" in world.sims("bob", None, "history", "alice"), "what was said is gone")
    check("unverified" in world.sims("bob", None, "fingerprint", "alice"), "no contact")
    bob = meet(world, server, options=())
    world.sims("alice", server, "send", "bob", "thanks")
    message, = received(bob)
    check(message["body"] == "thanks" and not message["request"], f"bob got {message}")


def test_request_declined(world):
    server = stranger(world)
    world.sims("bob", None, "decline", "alice")
    check(world.sims("bob", None, "requests") == "", "still a request")
    world.sims("bob", None, "history", "alice", expect=NO_PEER)
    world.sims("bob", server, "decline", "alice", expect=NO_PEER)
    bob = listen(world, "bob", server, options=())
    world.sims("alice", server, "send", "bob", "again", "--timeout", 5, expect=TIMEOUT)
    (message,), _ = end(bob)
    check(message["body"] == "again" and message["request"], f"bob got {message}")


def test_blocked(world):
    server = stranger(world)
    world.sims("bob", None, "block", "alice")
    check(world.sims("bob", None, "requests") == "", "still a request")
    check("blocked" in world.sims("bob", None, "fingerprint", "alice"), "not blocked")
    bob = world.start_sims("bob", server, "listen", "--json", options=())
    world.await_online(server, "bob")
    world.sims("alice", server, "send", "bob", "hear me", "--timeout", 3, expect=TIMEOUT)
    bob.terminate()
    out, _ = bob.communicate(timeout=DEADLINE)
    check(out == "", f"bob heard {out}")
    world.sims("bob", None, "accept", "alice")
    bob = meet(world, server, options=())
    world.sims("alice", server, "send", "bob", "and now?")
    check(received(bob)[0]["body"] == "and now?", "not heard")


def test_block_and_accept_somebody_new(world):
    """A peer that is not remembered is looked up at the server."""
    server = world.server()
    world.sims("bob", server, "block", "alice", expect=NO_PEER)
    alice = world.start_sims("alice", server, "listen")
    world.await_online(server, "alice")
    world.sims("bob", server, "block", "alice", options=())
    check("blocked" in world.sims("bob", None, "fingerprint", "alice"), "not blocked")
    world.sims("carol", server, "accept", "alice")
    check("unverified" in world.sims("carol", None, "fingerprint", "alice"), "not accepted")
    alice.terminate()
    alice.wait(DEADLINE)


def test_a_request_by_letter_is_receipted_once_it_is_accepted(world):
    """attack 55: nothing goes back to a stranger's letter before /accept, also when no client runs at that moment."""
    server = world.server()

    def written():
        end(listen(world, "bob", server))  # he leaves keys for letters
        world.sims("alice", server, "send", "bob", "may I?", expect=None, options=("--accept-new",))
        return world.last_status
    until(written, lambda status: status == 10, "keys for letters")

    def marks():
        end(listen(world, "alice", server))
        return history(world, "alice", "bob")[-1]["delivery"]
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 1, options=())
    check(received(bob)[0]["request"], "not shown as a request")
    check(marks() == "mailed", "a stranger's letter was receipted")
    world.sims("bob", server, "accept", "alice", options=())

    def marks_after_bob():
        end(listen(world, "bob", server, options=()))  # the first time it may end before its receipt goes
        return marks()
    until(marks_after_bob, lambda mark: mark == "delivered", "the receipt")
