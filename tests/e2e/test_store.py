"""The client's store under the real programs: killed at any moment, used by two programs, readable by others, sealed with
another key, restored from a backup."""

import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
from collections import Counter

from conversations import FAILURE, LOCKED, meet, received
from harness import DEADLINE, Skip, check, until


def history(world, who, peer):
    """The rows of a user's store for the conversation, oldest first."""
    return [json.loads(line) for line in world.sims(who, None, "history", peer, "--json").splitlines()]


class Listener:
    """`sims listen --json`, printing into a file, so that it never waits for a reader."""

    def __init__(self, world, who, server):
        self.path = world.path / f"{who}-{world.next_number()}.json"
        with open(self.path, "wb") as out:
            self.process = world.start_sims(who, server, "listen", "--json", stdout=out)

    def printed(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def kill(self):
        self.process.kill()
        self.process.wait()
        return [m["body"] for m in self.printed()]

    def end(self):
        """The printed texts and the other lines, each in order."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=DEADLINE)
        check(self.process.returncode == 0, f"ended with {self.process.returncode}: {errors}")
        self.errors = errors
        return [m["body"] for m in self.printed()]


def listening(world, who, server):
    listener = Listener(world, who, server)
    world.await_online(server, who)
    return listener


def tui_refuses(world, server, words):
    """Requires that alice's sims-tui exits at once and prints these words."""
    # A shell keeps the terminal, since a dead terminal may have scrolled the words away.
    terminal = world.terminal("sh", "-c", '"$@"; echo "status $?"; sleep 99', "sh", *world.tui_command("alice", server))
    until(lambda: terminal.screen().replace("\n", ""), lambda seen: words in seen and "status 1" in seen, f"'{words}'")


def all_delivered(world, who, peer, what=lambda rows: True):
    rows = []

    def waiting():
        rows[:] = history(world, who, peer)
        return [row["body"][:20] for row in rows if row["mine"] and row["delivery"] != "delivered"], len(rows)
    until(waiting, lambda seen: not seen[0] and what(rows), f"delivery of all that {who} said")
    return rows


def check_same(sent, got):
    """Every text sent in one store is received in the other: under the same uid, byte for byte, once."""
    mine = [(row["uid"], row["body"]) for row in sent if row["mine"]]
    theirs = [(row["uid"], row["body"]) for row in got if not row["mine"]]
    check(len(set(mine)) == len(mine), f"stored twice by the sender: {mine}")
    twice = [one for one, count in Counter(theirs).items() if count > 1]
    check(not twice, f"stored twice by the receiver: {twice}")
    check(set(mine) == set(theirs), f"differ: {set(mine) ^ set(theirs)}")


def test_killed_while_sending(world):
    """kill -9 of `sims send` at any moment: a stored text is sent later, unchanged and once; any other is never sent."""
    server, chance, proved, heard, count = world.server(), random.Random(1), set(), [], 0
    for _ in range(6):  # a new bob each time: one answers a limited number of calls a minute
        bob = listening(world, "bob", server)
        began = time.monotonic()
        world.sims("alice", server, "send", "bob", f"number {count}")
        whole = time.monotonic() - began
        proved.add(f"number {count}")
        for _ in range(4):
            count += 1
            text = f"number {count} " + "é" * chance.randrange(3_000)
            alice = world.start_sims("alice", server, "send", "bob", text)
            time.sleep(chance.uniform(0.3, 1.1) * whole)  # how far the program is by then depends on the system
            if alice.poll() == 0:
                proved.add(text)
            alice.kill()
            alice.wait()
        count += 1
        heard += bob.end()
    bob = listening(world, "bob", server)
    alice = listening(world, "alice", server)
    sent = all_delivered(world, "alice", "bob")
    alice.end()
    heard += bob.end()
    check_same(sent, history(world, "bob", "alice"))
    check(Counter(heard) == Counter(row["body"] for row in sent), "not each printed once")
    check(proved <= {row["body"] for row in sent}, "proved, but not in the store")
    world.note(f"killed before it was stored: {count - len(sent)}, after: {len(sent) - len(proved)}")


def test_killed_while_receiving(world):
    """kill -9 of `sims listen` at any moment: nothing is lost, nothing stored or shown twice."""
    server = world.server()
    for who in ("alice", "bob"):
        world.sims(who, server, "list")
    bob = listening(world, "bob", server)
    alice = world.tui("alice", server, "--query", "bob")
    alice.see("online")
    alice.see(r"^\[bob\]|^> $")
    chance, printed, count = random.Random(2), [], 0
    for i in range(10):
        for _ in range(chance.randrange(1, 4)):
            count += 1
            alice.enter(f"number {count}.")
        alice.see(rf"<alice> number {count}\.")
        time.sleep(chance.uniform(0, 0.25))
        printed.append(bob.kill())
        bob = Listener(world, "bob", server)
    sent = all_delivered(world, "alice", "bob", lambda rows: len(rows) == count)
    world.await_online(server, "bob")  # before that SIGTERM kills it
    printed.append(bob.end())
    check_same(sent, history(world, "bob", "alice"))
    # A text is stored before it is printed. A listener killed in between leaves it unprinted in the store.
    twice = [body for body, times in Counter(body for run in printed for body in run).items() if times > 1]
    check(not twice, f"printed twice: {twice}")
    check({body for run in printed for body in run} <= {row["body"] for row in sent}, "printed what is not stored")


def test_a_full_disk(world):
    """attack 44: a full disk: the receiver prints each text once, after it has stored it."""
    server = world.server()
    for who in ("alice", "bob"):
        world.sims(who, server, "list")
    bob = listening(world, "bob", server)
    logins = lambda: len(re.findall(r"event=login .*name=bob", server.log()))
    # The write-ahead log cannot grow by a page any more, but the small output can.
    was = resource.prlimit(bob.process.pid, resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
    alice = world.start_sims("alice", server, "send", "--timeout", str(DEADLINE), "--wait-for", "delivered", "bob", "once")
    until(logins, lambda n: n >= 4, "third time that bob comes back to have it again")
    check(bob.printed() == [], f"printed and not stored: {bob.printed()}")
    resource.prlimit(bob.process.pid, resource.RLIMIT_FSIZE, was)
    _, errors = alice.communicate(timeout=2 * DEADLINE)
    check(alice.returncode == 0, f"alice: {errors}")
    check(bob.end() == ["once"], f"printed {bob.printed()}")
    check("could not be stored" in bob.errors, bob.errors)
    check_same(history(world, "alice", "bob"), history(world, "bob", "alice"))


def test_killed_while_typing(world):
    """kill -9 of sims-tui as soon as a line is drawn: it is in the store, and is sent at the next start."""
    server = world.server()
    for who in ("alice", "bob"):
        world.sims(who, server, "list")
    bob = listening(world, "bob", server)
    world.sims("alice", server, "send", "bob", "number 0.")
    for i in range(1, 5):
        alice = world.tui("alice", server, "--query", "bob")
        alice.see(rf"<alice> number {i - 1}\.")  # the earlier texts are there again
        alice.see("online")
        alice.enter(f"number {i}.")
        alice.see(rf"<alice> number {i}\.")
        os.kill(alice.pid(), signal.SIGKILL)
        alice.await_end()
    alice = listening(world, "alice", server)
    sent = all_delivered(world, "alice", "bob", lambda rows: len(rows) == 5)
    alice.end()
    check([row["body"] for row in sent] == [f"number {i}." for i in range(5)], f"alice has {sent}")
    heard = bob.end()
    check_same(sent, history(world, "bob", "alice"))
    check(heard == [row["body"] for row in sent], f"bob heard {heard}")


def test_two_programs(world):
    """A second program that cannot go through the first gets an error, whichever the two are, and harms nothing."""
    server = world.server()
    world.sims("alice", server, "list")
    first = listening(world, "alice", server)
    for words in (("--no-history", "send", "bob", "x"), ("--suite", "rsa", "listen"), ("passphrase", "--remove")):
        world.sims("alice", server, *words, options=("--wait", "0"), expect=FAILURE)
        check("lock: in use by another program" in world.last_error, world.last_error)
    tui_refuses(world, server, "in use by another program")
    check(first.process.poll() is None, "the first one has ended")
    world.sims("alice", None, "id")
    first.end()
    tui = world.tui("alice", server)
    tui.see("online")
    world.sims("alice", server, "passphrase", "--remove", options=("--wait", "0"), expect=FAILURE)
    check("in use by another program" in world.last_error, world.last_error)


def test_open_to_others(world):
    """Both programs refuse a store if others may read or write a part of it, name the part, and leave it unchanged."""
    server = world.server()
    world.sims("alice", server, "list")
    home = world.path / "alice"
    running = listening(world, "alice", server)  # keeps -wal and -shm there
    for name in ("store.db", "store.db-wal", "store.db-shm", "."):
        path = home / name
        was = stat.S_IMODE(path.stat().st_mode)
        for more in (0o040, 0o020, 0o004, 0o002):
            path.chmod(was | more)
            world.sims("alice", None, "requests", expect=FAILURE)
            check("chmod" in world.last_error and str(home) in world.last_error, world.last_error)
            check(stat.S_IMODE(path.stat().st_mode) == was | more, f"{name} was changed")
        tui_refuses(world, server, "chmod ")
        path.chmod(was)
    running.end()
    world.sims("alice", None, "requests")


def test_links(world):
    """A link in the store's place is refused, and nothing is made or written where it leads."""
    world.sims("alice", None, "id")
    home = world.path / "alice"
    (home / "store.db").rename(world.path / "elsewhere.db")
    for target in ("elsewhere.db", "nowhere.db"):
        (home / "store.db").symlink_to(world.path / target)
        world.sims("alice", None, "id", expect=FAILURE)
        check("store.db: a link" in world.last_error, world.last_error)
        (home / "store.db").unlink()
    check(not (world.path / "nowhere.db").exists(), "made through a link")
    (home / "checked").unlink()  # this file records that there was a store
    (home / "lock").unlink()
    (world.path / "precious").write_text("precious")
    (home / "lock").symlink_to(world.path / "precious")
    world.sims("alice", None, "id")
    check((world.path / "precious").read_text() == "precious", "the lock was written through a link")


def test_missing(world):
    """attack 44: a missing store is not replaced by a new identity, unless the whole folder was moved away."""
    server = world.server()
    world.sims("alice", server, "list")
    home = world.path / "alice"
    own = world.sims("alice", None, "id")
    (home / "store.db").rename(world.path / "lost.db")
    for words in (["id"], ["history", "bob"], ["list"], ["send", "bob", "hi"]):
        world.sims("alice", server, *words, expect=FAILURE)
        check("store.db is missing" in world.last_error and "backup" in world.last_error, world.last_error)
    check(not (home / "store.db").exists(), "made in its place")
    check(world.sims("alice", None, "peers") == "", "a store that is missing has no names")
    (world.path / "lost.db").rename(home / "store.db")
    check(world.sims("alice", None, "id") == own, "another identity")
    home.rename(world.path / "away")
    check(world.sims("alice", None, "id") != own, "the same identity")


def test_wrong_key(world):
    """A wrong passphrase or key file gets an error and its own exit status, and changes nothing."""
    world.sims("alice", None, "id")
    world.sims("alice", None, "passphrase", "--new-key-file", "key")
    world.sims("bob", None, "id")
    world.sims("bob", None, "passphrase", "--new-key-file", "other")
    before = (world.path / "alice/store.db").read_bytes()
    (world.path / "letter").write_text("dear bob")
    (world.path / "letter").chmod(0o600)
    for file, words in (("other", "not the key file of"), ("letter", "not a key file"), ("none", "No such file"),
                        (".", "Is a directory")):
        world.sims("alice", None, "requests", options=("--key-file", file), expect=LOCKED)
        check(words in world.last_error, f"{file}: {world.last_error}")
    check((world.path / "alice/store.db").read_bytes() == before, "the store was written to")

    terminal = world.terminal(*world._sims("alice", None, ("passphrase",), ("--key-file", world.path / "key")))
    for question in ("New passphrase:", "again:"):
        terminal.see(question)
        terminal.enter("correct horse")
    check(terminal.await_end() == 0, terminal.screen())
    world.sims("alice", None, "requests", options=("--key-file", "key"), expect=LOCKED)
    terminal = world.terminal(*world._sims("alice", None, ("requests",), ()))
    for i in range(3):
        terminal.see(r"(?s)(Passphrase of the store:.*){%d}" % (i + 1))
        terminal.enter("wrong horse")
    check(terminal.await_end() == LOCKED, terminal.screen())
    terminal.see("sims: wrong passphrase")


def test_restored_backup(world):
    """Yesterday's store is reported; texts queued then are sent again, and the other side shows them once."""
    server = world.server()
    bob = listening(world, "bob", server)
    world.sims("alice", server, "send", "bob", "hello")
    bob.process.send_signal(signal.SIGSTOP)  # online, but it answers nothing
    alice = world.start_sims("alice", server, "send", "bob", "typed yesterday")
    until(lambda: history(world, "alice", "bob"), lambda rows: len(rows) == 2, "the text in the store")
    alice.kill()
    alice.wait()
    shutil.copytree(world.path / "alice", world.path / "backup", ignore=shutil.ignore_patterns("socket"))  # left by the killed program
    bob.process.send_signal(signal.SIGCONT)
    alice = listening(world, "alice", server)
    sent = all_delivered(world, "alice", "bob")
    alice.end()

    shutil.rmtree(world.path / "alice")
    (world.path / "backup").rename(world.path / "alice")
    check(history(world, "alice", "bob")[1]["delivery"] != "delivered", "not yesterday's")
    alice = listening(world, "alice", server)
    all_delivered(world, "alice", "bob")
    alice.end()
    check("backup" in alice.errors, f"not noticed: {alice.errors}")
    world.sims("alice", server, "send", "bob", "today")
    check("backup" not in world.last_error, f"noticed twice: {world.last_error}")
    check(bob.end() == ["hello", "typed yesterday", "today"], "bob was shown something else")
    check_same(history(world, "alice", "bob"), history(world, "bob", "alice"))
    check([row["uid"] for row in history(world, "alice", "bob")][:2] == [row["uid"] for row in sent], "another uid")


def test_damaged(world):
    """A file that is no longer a store gets an error and is never overwritten."""
    server = world.server()
    bob = meet(world, server)
    world.sims("alice", server, "send", "bob", "hello")
    received(bob)
    path = world.path / "alice/store.db"
    good = path.read_bytes()
    for bad in (b"", b"x" * 5_000, good[:1_000], good[:len(good) // 2], good[:4_096] + bytes(len(good) - 4_096)):
        path.write_bytes(bad)
        world.sims("alice", server, "send", "bob", "hello", expect=FAILURE)
        check("damaged" in world.last_error and "backup" in world.last_error, world.last_error)
        check(path.read_bytes() == bad, "written over")
    path.write_bytes(good)
    check(len(history(world, "alice", "bob")) == 1, "the good one is not what it was")


def with_disk(world, mount):
    """A command that runs another with the folder $0 on its own disk, which the shell command `mount` makes."""
    for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
        if subprocess.run([*unshare, "mount", "-t", "tmpfs", "tmpfs", str(world.path / "home")],
                          capture_output=True, env=world.env).returncode == 0:
            return [*unshare, "/bin/sh", "-c", mount + ' && exec "$@"']
    raise Skip("no mount namespace may be made here")


def run_at(world, before, who, *words, server=None):
    command = [*before, str(world.path / who), *world._sims(who, server, words, ())]
    return subprocess.run(command, capture_output=True, text=True, env=world.env, cwd=world.path, timeout=DEADLINE)


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'
FULL = ('cp -a "$0" "$0.copy" && mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" && cp -a "$0.copy/." "$0" && '
        'rm -r "$0.copy" && { cat /dev/zero >"$0/filler" 2>/dev/null; true; }')


def test_read_where_nothing_can_be_written(world):
    """attack 44: on a read-only or full disk the history can be read, also texts that only SQLite's log holds."""
    server = world.server()
    for who in ("alice", "bob"):
        world.sims(who, server, "list")
    bob = listening(world, "bob", server)
    world.sims("alice", server, "send", "bob", "kept")
    bob.kill()
    identity = world.sims("alice", None, "id").strip()
    log = world.path / "bob" / "store.db-wal"
    check(log.exists() and log.stat().st_size > 0, "no log is left")
    for clean in (False, True):
        if clean:
            world.sims("bob", None, "requests")
            check(not log.exists(), "the log is still there")
        for mount in (READ_ONLY, FULL):
            before = with_disk(world, mount)
            said = run_at(world, before, "bob", "history", "alice", server=server)
            check(said.returncode == 0 and "kept" in said.stdout, f"{mount}: {said}")
            out = world.path / f"out-{world.next_number()}"
            run = run_at(world, before, "bob", "export", "alice", str(out), server=server)
            check(run.returncode == 0 and "kept" in out.read_text(), f"{mount}: {run}")
            run = run_at(world, before, "bob", "id")
            check(run.returncode == 0 and len(run.stdout.strip()) == 43, f"{mount}: {run}")
            run = run_at(world, before, "bob", "fingerprint", "alice", server=server)
            check(run.returncode == 0 and identity in run.stdout, f"{mount}: {run}")
        for mount, cause in ((READ_ONLY, "ead-only"), (FULL, "full|No space left")):
            run = run_at(world, with_disk(world, mount), "bob", "send", "alice", "no", server=server)
            check(run.returncode == FAILURE and re.search(cause, run.stderr), f"{run}")
            check("No such file" not in run.stderr, f"{run}")


def empty_index(path):
    """Empties the index's page, as before a write that never reached the disk."""
    with sqlite3.connect(path) as db:
        (page,), = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'history_of'")
    db.close()
    with open(path, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes([0x0a, 0, 0, 0, 0, 0x10]).ljust(4096, b"\0"))


def test_an_emptied_index(world):
    """attack 44: a lost write: after an unclean end the store is checked, and both programs say what is damaged."""
    server = world.server()
    for who in ("alice", "bob"):
        world.sims(who, server, "list")
    bob = listening(world, "bob", server)
    world.sims("alice", server, "send", "bob", "hidden")
    bob.kill()
    store = world.path / "bob" / "store.db"
    empty_index(store)
    for words in (("history", "alice"), ("list",)):
        world.sims("bob", server, *words, expect=None)
        check(world.last_status != 0, f"{words}: exit status {world.last_status}")
        check("DAMAGED" in world.last_error and str(store) in world.last_error and "REINDEX" in world.last_error,
              world.last_error)
    tui = world.tui("bob", server)
    tui.see("online")
    tui.see("DAMAGED")
    tui.enter("/doctor")
    tui.see("REINDEX")
    tui.enter("/quit")
    tui.await_end()
    tui = world.tui("bob", server, "--query", "alice")
    tui.see("alice")
    tui.see("DAMAGED")
    tui.enter("/quit")
    tui.await_end()
    db = sqlite3.connect(store)
    db.execute("REINDEX")
    db.close()
    check("hidden" in world.sims("bob", None, "history", "alice"), "it is still hidden")
    check("DAMAGED" not in world.last_error, world.last_error)
