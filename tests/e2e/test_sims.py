"""sims from outside: two people who talk through scripts."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import time

from harness import BUILD, DEADLINE, ROOT, Skip, check, until

# sims(1), EXIT STATUS
FAILURE, USAGE, NO_SERVER, SERVER_KEY, PEER_KEY, NO_PEER, TIMEOUT, REFUSED, LOCKED = range(1, 10)


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


def members_in_man(command):
    """Of the objects that `sims COMMAND --json` prints, as sims(1) lists them."""
    section = (ROOT / "man/sims.1").read_text().split(".Ss JSON\n")[1].split(".Sh ")[0]
    for names, table in re.findall(r"((?:^\.Cm .*\n|^and\n)+)^\.Bl .*\n((?:.*\n)*?)^\.El", section, re.M):
        if command in re.findall(r"\w+", names):
            return set(" ".join(re.findall(r"^\.It Va (.*)", table, re.M)).replace(",", " ").split())
    return set()


def test_members_of_json_are_in_the_man_page(world):
    server = world.server()
    world.sims("alice", server, "list")
    alice = meet(world, server, "alice", options=())
    bob = world.start_sims("bob", server, "send", "--timeout", DEADLINE, "alice", "hello")
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
    """The seventh within a minute is as quick as the first: a contact's calls have no silent limit."""
    server = world.server()
    bob = meet(world, server, count=10)
    for i in range(10):
        world.sims("alice", server, "send", "--timeout", "8", "bob", f"number {i}")
    got = [m["body"] for m in received(bob)]
    check(got == [f"number {i}" for i in range(10)], f"bob got {got}")


def test_twenty_sends_at_once_to_one_peer(world):
    """Each with a connection and a call of its own, for --suite goes through no other program: the seventh call to a
    peer within a minute is answered, too."""
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
    """attack 44: a full disk: what can't be printed stays in the history, and the exit status says so."""
    server = world.server()
    with open("/dev/full", "w") as full:
        bob = world.start_sims("bob", server, "listen", stdout=full)
        world.await_online(server, "bob")
        world.sims("alice", server, "send", "--timeout", "3", "bob", "lost?", expect=TIMEOUT)
        _, errors = bob.communicate(timeout=DEADLINE)
    check(bob.returncode == FAILURE and "standard output" in errors, f"{bob.returncode}: {errors}")
    check("is in the store, unread: sims history alice" in errors, errors)
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


def test_unknown_and_offline_peers(world):
    server = world.server()
    world.sims("alice", server, "send", "nobody", "hello", "--timeout", 2, expect=NO_PEER)
    check("there is no user nobody" in world.last_error, world.last_error)
    world.sims("alice", server, "fingerprint", "nobody", expect=NO_PEER)
    check("there is no user nobody" in world.last_error, world.last_error)
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    until(lambda: world.sims("watcher", server, "list"), lambda out: "bob" not in out, "bob gone from the list")
    began = time.monotonic()
    world.sims("alice", server, "send", "bob", "are you there?", "--timeout", 2, expect=NO_PEER)
    check(time.monotonic() - began < 20, "it took too long")
    check("bob is a user of" in world.last_error and "offline" in world.last_error, world.last_error)


def test_find(world):
    server = world.server()
    bob = meet(world, server)
    ident = world.sims("bob", None, "id").strip()
    found = json.loads(world.sims("alice", server, "find", "--json", "bob"))
    check(found == {"name": "bob", "id": ident, "trust": "new", "status": "online"}, found)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    until(lambda: world.sims("watcher", server, "list"), lambda out: "bob" not in out, "bob gone from the list")
    line = world.sims("alice", server, "find", ident)
    check(line.split() == ["bob", "unverified", ident, "offline"], line)
    world.sims("alice", server, "find", "nobody", expect=NO_PEER)
    check("there is no user nobody" in world.last_error, world.last_error)
    world.sims("alice", server, "find", "A" * 43, expect=NO_PEER)
    world.sims("alice", server, "find", "Not A Name", expect=USAGE)


def test_listen_outlives_a_refusal_in_clear(world):
    """attack 78: somebody on the way says `banned` in the server's place: said once, and tried again."""
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
    """attack 78: somebody on the way answers with a key of their own: said once, never accepted, and tried again."""
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
    (server.state / "accounts.db.begun").touch()  # the names are given up on purpose
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
    """attack 28: what was queued for a key that was forgotten goes to the next one by a word only."""
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


def stranger(world):
    """Alice wrote to bob, who does not know her: (server, what bob's listen printed)."""
    server = world.server()
    world.sims("bob", server, "list")
    bob = meet(world, server, options=())
    world.sims("alice", server, "send", "bob", "may I?", "--timeout", 5, expect=TIMEOUT)
    message, = received(bob)
    check(message["body"] == "may I?" and message["request"], f"bob got {message}")
    request, = [json.loads(line) for line in world.sims("bob", None, "requests", "--json").splitlines()]
    check(request["name"] == "alice" and request["messages"] == 1, f"request: {request}")
    check("alice" in world.sims("bob", None, "requests"), "not printed")
    return server


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
    bob = meet(world, server, options=())
    world.sims("alice", server, "send", "bob", "again", "--timeout", 5, expect=TIMEOUT)
    message, = received(bob)
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
    """Who is not remembered is asked for at the server."""
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


def test_what_was_not_delivered_is_given_up(world):
    """Nothing that a script was told had failed goes out later."""
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
    world.sims("alice", None, "passphrase", expect=FAILURE)  # nobody to ask

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


def test_few_descriptors(world):
    """attack 44: no descriptors: a start that fails has words, in all four programs."""
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
    """attack 44: no threads: a start that fails has words, in all programs that start any."""
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
        # Each thread wants as much address space for its stack.
        words = ["/bin/sh", "-c", 'ulimit -s 131072 && ulimit -v 300000 && exec "$@"', "sh", *map(str, command)]
        run = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=world.env,
                             cwd=world.path, timeout=DEADLINE)
        check(0 < run.returncode < 128, f"{name}: {run}")
        check("threads can be started" in run.stderr + run.stdout, f"{name}: {run}")


def test_no_home(world):
    """Without HOME each program says so."""
    env = {key: value for key, value in world.env.items() if key != "HOME"}
    for name, words in (("sims", ("id",)), ("sims-tui", ())):
        run = subprocess.run([str(BUILD / name), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             env=env, cwd=world.path, timeout=DEADLINE)
        check(run.returncode in (1, 2) and "HOME" in run.stderr, f"{name}: {run}")
