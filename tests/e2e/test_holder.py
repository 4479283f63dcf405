"""Two programs on one store: the program that holds it serves other `sims` commands."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

from conversations import FAILURE, LOCKED, NO_PEER, NO_SERVER, PEER_KEY, TIMEOUT, bodies, deliveries, end, history, listen, meet, received
from harness import BUILD, DEADLINE, Skip, check, until


def holder_sockets(process):
    """The path of the socket that the process serves its store on, and once more for each command that it serves."""
    inodes = set()
    for fd in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            inodes.add(os.readlink(f"/proc/{process.pid}/fd/{fd}").removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:
            pass  # closed meanwhile
    with open("/proc/net/unix") as sockets:
        lines = [line.split() for line in sockets]
    return [words[7] for words in lines if len(words) == 8 and words[6] in inodes]


def holder_socket(process):
    path, = set(holder_sockets(process))
    return path


def test_send_beside_listen(world):
    """Acks, exit status and output are as without a holder; --server and --name are not needed."""
    server = world.server()
    bob = meet(world, server, count=2)
    alice = listen(world, "alice", server)
    world.sims("alice", server, "send", "bob", "one")
    world.sims("alice", None, "send", "bob", "two", options=())
    check(bodies(received(bob)) == ["one", "two"], "bob did not get both in order")
    deliveries(world, "delivered", "delivered")
    world.sims("alice", None, "send", "nobody", "x", expect=NO_PEER)
    check("there is no user nobody at" in world.last_error, world.last_error)
    world.sims("alice", None, "send", "bob", "x" * 20_000, expect=FAILURE)
    check("too long" in world.last_error, world.last_error)
    world.sims("alice", "127.0.0.1:1", "list", expect=FAILURE)
    check(server.address in world.last_error, world.last_error)
    world.sims("alice", server, "list", options=("--name", "eve"), expect=FAILURE)
    end(alice)


def test_commands_beside_listen(world):
    server = world.server()
    for who in ("alice", "bob"):
        world.sims(who, server, "list")
    bob, carol = listen(world, "bob", server, options=()), listen(world, "carol", server)
    alice = listen(world, "alice", server, options=())
    listed = json.loads(world.sims("alice", None, "list", "--json", options=()).splitlines()[0])
    check(listed["name"] == "bob" and listed["trust"] == "new", f"list: {listed}")
    check("carol" in world.sims("alice", None, "list", options=()), "carol is not listed")
    world.sims("alice", None, "send", "bob", "x", options=(), expect=PEER_KEY)
    world.sims("alice", None, "send", "bob", "hello", "--timeout", 3, expect=TIMEOUT)  # bob must accept first
    check("given up and not sent again" in world.last_error, world.last_error)
    deliveries(world, "failed")
    until(lambda: world.sims("bob", None, "requests"), lambda out: "alice" in out, "request")
    world.sims("bob", None, "accept", "alice", options=())
    world.sims("bob", None, "accept", "alice", options=())
    world.sims("bob", None, "decline", "alice", expect=NO_PEER)
    world.sims("alice", None, "send", "bob", "and now?", options=())
    number = next(line for line in world.sims("bob", None, "fingerprint", "alice").splitlines() if "safety" in line)
    world.sims("alice", None, "verify", "bob", "1" * 60, expect=PEER_KEY)
    world.sims("alice", None, "verify", "bob", *number.split()[2:])
    check("verified" in world.sims("alice", None, "list").split("\n")[0].split(), "not verified")
    world.sims("bob", None, "block", "alice")
    check("blocked" in world.sims("bob", None, "list"), "not blocked")
    world.sims("bob", None, "erase", "alice")
    check(history(world, "bob", "alice") == [], "not erased")
    world.sims("bob", None, "forget", "alice")
    check("alice                new" in world.sims("bob", None, "list"), "not forgotten")
    world.sims("bob", None, "forget", server.address)
    world.sims("bob", None, "forget", "dave", expect=NO_PEER)
    for process in (alice, bob, carol):
        end(process)


def test_send_beside_tui(world):
    server = world.server()
    bob = meet(world, server, count=1)
    tui = world.tui("alice", server, "--accept-new")
    tui.see("online")
    world.sims("alice", server, "send", "bob", "beside the screen")
    check(bodies(received(bob)) == ["beside the screen"], "bob did not get it")
    bob = listen(world, "bob", server)
    world.sims("bob", None, "send", "alice", "hello alice")
    end(bob)
    listener = world.start_sims("alice", None, "listen", "--json", "--count", 1)
    until(lambda: listener.stderr.readline(), lambda line: "through sims-tui" in line, "listener")
    bob = listen(world, "bob", server)
    world.sims("bob", None, "send", "alice", "heard twice")
    check(bodies(received(listener)) == ["heard twice"], "not heard through sims-tui")
    end(bob)


class Hole:
    """A relay that accepts connections and sends nothing."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.taken = []

    def take(self):
        self.taken.append(self.socket.accept())


def test_holder_that_is_not_connected(world):
    """After a timeout the exit status is the same as without a holder."""
    hole = Hole()
    commands = [("send", "--timeout", 1, "bob", "x"), ("listen", "--timeout", 1), ("listen", "--timeout", 1, "--count", 1)]
    for words in commands:
        world.sims("alice", hole.address, *words, expect=NO_SERVER)
        check(f"{hole.address}: timed out" in world.last_error, world.last_error)
        hole.take()
    holder = world.start_sims("alice", hole.address, "listen")
    hole.take()  # so it holds the store
    for words in commands:
        world.sims("alice", hole.address, *words, expect=NO_SERVER)
        check(f"{hole.address}: timed out" in world.last_error, world.last_error)
    end(holder)


def test_holder_that_stands_still(world):
    """The holder may send the text when it continues: the command says so and times out."""
    server = world.server()
    bob = listen(world, "bob", server)
    alice = listen(world, "alice", server)
    world.sims("alice", None, "send", "bob", "known")
    bob.send_signal(signal.SIGSTOP)
    send = cron(world, "alice", server, "send", "--timeout", 2, "bob", "late")
    until(lambda: history(world, "alice", "bob"), lambda rows: len(rows) == 2, "text in the outbox")
    alice.send_signal(signal.SIGSTOP)
    _, errors = send.communicate(timeout=DEADLINE)
    check(send.returncode == TIMEOUT and "may still be sent" in errors, f"{send.returncode}: {errors}")
    for process in (alice, bob):
        process.send_signal(signal.SIGCONT)
        end(process)


def test_tui_that_never_connected(world):
    """A sims-tui without a connection is named, so that the user can connect there."""
    server = world.server()
    tui = world.terminal(BUILD / "sims-tui", "--home", world.path / "alice")
    tui.see("Enter connect")
    for words in (("list",), ("send", "bob", "x"), ("listen", "--count", 1)):
        world.sims("alice", server, *words, expect=NO_SERVER)
        check(re.search(r"sims-tui \(process \d+\), which uses this store, has no connection yet: connect there", world.last_error),
              world.last_error)


def test_forget_hints_about_held_texts(world):
    """The commands print the same beside a holder as alone."""
    server = world.server()
    bob = listen(world, "bob", server)
    alice = listen(world, "alice", server)
    world.sims("alice", None, "send", "bob", "known")
    bob.send_signal(signal.SIGSTOP)
    send = cron(world, "alice", server, "send", "--timeout", 120, "bob", "once")
    until(lambda: history(world, "alice", "bob"), lambda rows: len(rows) == 2, "text in the outbox")
    send.kill()
    world.sims("alice", None, "forget", "bob")
    check("1 message to bob not delivered yet, held" in world.last_error, world.last_error)
    world.sims("alice", None, "forget", "bob", expect=NO_PEER)
    bob.kill()
    end(alice)


def test_locked_tui(world):
    """After /lock other commands get an error; once unlocked they are served again."""
    server = world.server()
    bob = meet(world, server, count=1)
    tui = world.tui("alice", server, "--accept-new")
    tui.see("online")
    tui.enter("/passphrase")
    tui.see("assphrase")
    for _ in range(2):
        tui.enter("correct horse")
    until(lambda: world.sims("alice", None, "passphrase", "--status"), lambda out: "passphrase" in out, "passphrase")
    tui.enter("/lock")
    until(lambda: world.sims("alice", None, "send", "bob", "x", expect=None) or world.last_status,
          lambda status: status == LOCKED, "locked holder")
    check("locked" in world.last_error, world.last_error)
    tui.enter("correct horse")
    tui.see("online")
    until(lambda: world.sims("alice", None, "send", "bob", "open", expect=None) or world.last_status,
          lambda status: status == 0, "unlocked holder")
    check(bodies(received(bob)) == ["open"], "bob did not get it")


def test_reading_through_an_open_tui(world):
    """A store that needs a passphrase is read through the program that has it open, without asking for it."""
    server = world.server()
    bob = meet(world, server, count=3)
    tui = world.tui("alice", server, "--accept-new")
    tui.see("online")
    for text in ("one", "two", "invoice"):
        world.sims("alice", None, "send", "bob", text)
    received(bob)
    world.sims("b0b", server, "send", "alice", "who is this?", "--timeout", 2, expect=None)
    def read():
        return [world.sims("alice", None, *words, expect=None) for words in (
            ("history", "bob"), ("history", "bob", "--json"), ("history", "bob", "--limit", 2), ("export", "bob"),
            ("history", "bob", "--search", "INVOICE", "--json"), ("requests",), ("requests", "--json"))]
    alone = until(read, lambda got: got[0].count("+ ") == 3 and "b0b" in got[5], "marks on disk")
    tui.enter("/passphrase")
    tui.see("assphrase")
    for _ in range(2):
        tui.enter("correct horse")
    until(lambda: world.sims("alice", None, "passphrase", "--status"), lambda out: "passphrase" in out, "passphrase")
    check(read() == alone, f"{read()}\nnot\n{alone}")
    world.sims("alice", None, "history", "nobody", expect=NO_PEER)
    world.sims("alice", None, "export", "bob", world.path / "exported")
    check((world.path / "exported").read_text() == alone[3], "the file differs")
    world.sims("alice", None, "export", "bob", world.path / "exported", expect=FAILURE)
    tui.enter("/lock")
    until(lambda: world.sims("alice", None, "history", "bob", expect=None) or world.last_status,
          lambda status: status == LOCKED, "locked holder")
    check("is locked" in world.last_error and "passphrase" in world.last_error, world.last_error)


def cron(world, who, server, *words):
    """A command without an environment, as cron starts it."""
    command = ["env", "-i", str(BUILD / "sims"), "--home", str(world.path / who), "--server", server.address, "--name", who,
               "--accept-new", *map(str, words)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               cwd="/", start_new_session=True)
    world.processes.append(process)
    return process


def twenty_at_once(world, server):
    began = time.monotonic()
    jobs = [cron(world, "alice", server, "send", "--timeout", 60, "bob", f"job {i}") for i in range(20)]
    for job in jobs:
        _, errors = job.communicate(timeout=DEADLINE * 2)
        check(job.returncode == 0, f"{job.returncode}: {errors}")
    return time.monotonic() - began


def test_twenty_at_once(world):
    """Without a holder, commands wait for each other or go through the first; with one, they go through it."""
    server = world.server()
    bob = meet(world, server, count=40)
    seconds = twenty_at_once(world, server)
    alice = listen(world, "alice", server)
    world.note(f"20 at once: {seconds:.1f} s, beside a holder {twenty_at_once(world, server):.1f} s")
    got = bodies(received(bob))
    check(sorted(got) == sorted([f"job {i}" for i in range(20)] * 2), f"bob got {got}")
    end(alice)


def test_loop_of_sends(world):
    server = world.server()
    bob = meet(world, server, count=20)
    began = time.monotonic()
    for i in range(10):
        world.sims("alice", server, "send", "--timeout", 60, "bob", f"number {i}")
    alone = time.monotonic() - began
    alice = listen(world, "alice", server)
    began = time.monotonic()
    for i in range(10, 20):
        world.sims("alice", server, "send", "bob", f"number {i}")
    world.note(f"10 in a loop: {alone:.1f} s, beside a holder {time.monotonic() - began:.1f} s")
    check(bodies(received(bob)) == [f"number {i}" for i in range(20)], "not in order")
    end(alice)


def test_holder_killed_in_the_middle(world):
    """kill -9 of the holder while a text is not acked: the command continues, and the text is shown once."""
    server = world.server()
    bob = listen(world, "bob", server)
    alice = listen(world, "alice", server)
    world.sims("alice", None, "send", "bob", "known")
    bob.send_signal(signal.SIGSTOP)  # sends no acks
    send = cron(world, "alice", server, "send", "--timeout", 120, "bob", "once")
    until(lambda: history(world, "alice", "bob"), lambda rows: len(rows) == 2, "text in the outbox")
    alice.kill()
    alice.wait(DEADLINE)
    bob.send_signal(signal.SIGCONT)
    _, errors = send.communicate(timeout=DEADLINE * 2)
    check(send.returncode == 0, f"{send.returncode}: {errors}")
    deliveries(world, "delivered", "delivered")
    check(bodies(end(bob)[0]) == ["known", "once"], "bob did not hear it once")


def test_holder_killed_before_it_took_the_text(world):
    """kill -9 of the holder while a text waits for the server: the command takes over, and its timeout still ends it."""
    server = world.server()
    bob = listen(world, "bob", server)
    alice = listen(world, "alice", server)
    world.sims("alice", None, "send", "bob", "known")
    end(bob)
    until(lambda: world.sims("alice", None, "list"), lambda out: "bob" not in out, "bob's end")
    server.process.send_signal(signal.SIGSTOP)
    until(lambda: len(holder_sockets(alice)), lambda count: count == 1, "end of the earlier commands")
    send = cron(world, "alice", server, "send", "--timeout", 6, "bob", "x")
    until(lambda: len(holder_sockets(alice)), lambda count: count > 1, "command in the holder")
    world.sims("alice", None, "list")  # the holder answers this one after it has read the text
    alice.kill()
    alice.wait(DEADLINE)
    _, errors = send.communicate(timeout=DEADLINE)
    server.process.send_signal(signal.SIGCONT)
    check(send.returncode == NO_SERVER, f"{send.returncode}: {errors}")


def test_command_killed_in_the_middle(world):
    """kill -9 of the command: its text stays queued once, and the holder delivers it."""
    server = world.server()
    bob = listen(world, "bob", server)
    alice = listen(world, "alice", server)
    world.sims("alice", None, "send", "bob", "known")
    bob.send_signal(signal.SIGSTOP)
    send = cron(world, "alice", server, "send", "--timeout", 120, "bob", "once")
    until(lambda: history(world, "alice", "bob"), lambda rows: len(rows) == 2, "text in the outbox")
    send.kill()
    send.wait(DEADLINE)
    bob.send_signal(signal.SIGCONT)
    until(lambda: history(world, "alice", "bob"), lambda rows: rows[1]["delivery"] == "delivered", "delivery")
    check(len(history(world, "alice", "bob")) == 2, "queued twice")
    check(bodies(end(bob)[0]) == ["known", "once"], "bob did not hear it once")
    end(alice)


def test_waiting_in_line(world):
    """A program that holds the store without serving commands: --wait says how long to wait."""
    world.sims("alice", None, "id")
    server = world.server()
    with open(world.path / "alice" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        world.sims("alice", server, "list", options=("--wait", "0"), expect=FAILURE)
        check("in use by another program" in world.last_error, world.last_error)
        waiting = cron(world, "alice", server, "list")
        world.sims("alice", server, "list", options=("--wait", "1"), expect=FAILURE)
        check(waiting.poll() is None, "did not wait")
        fcntl.flock(lock, fcntl.LOCK_UN)
    _, errors = waiting.communicate(timeout=DEADLINE)
    check(waiting.returncode == 0, errors)


class Impostor:
    """Holds who's store and claims another version."""

    def __init__(self, world, who, answer):
        self.lock = open(world.path / who / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(world.path / who / "socket"))
        self.socket.listen()
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            caller.recv(4096)
            caller.sendall(self.answer)
            caller.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.lock.close()


def test_another_version(world):
    """A program of another version on either side gets an error that says which one to start again."""
    server = world.server()
    world.sims("alice", server, "list")
    for hello in ({"hello": "sims-tui", "version": "0.0", "protocol": 1, "pid": 7}, {"hello": "x"}, {"error": "gone", "code": "version"}):
        impostor = Impostor(world, "alice", json.dumps(hello).encode() + b"\n")
        world.sims("alice", server, "list", expect=FAILURE)
        impostor.close()
        (world.path / "alice" / "socket").unlink()
        if "pid" in hello:
            check("sims-tui (process 7)" in world.last_error and "restart it" in world.last_error, world.last_error)
    alice = listen(world, "alice", server)
    path = holder_socket(alice)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)
        caller.sendall(b'{"hello":"sims","version":"0.0","protocol":1}\n')
        answer = json.loads(caller.makefile().readline())
        check(answer["code"] == "version" and f"process {alice.pid}" in answer["error"], f"{answer}")
    end(alice)


def test_half_an_answer(world):
    """attack 64: only `ok` means success; rows are escaped before they reach the terminal."""
    server = world.server()
    world.sims("alice", server, "list")
    alice = listen(world, "alice", server)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(holder_socket(alice))
        caller.sendall(b'{"hello":"sims","version":"0.0","protocol":1}\n')
        version = re.search(r"is version (\S+), and", json.loads(caller.makefile().readline())["error"])[1]
    end(alice)
    hello = json.dumps({"hello": "sims", "version": version, "protocol": 1, "pid": 7}).encode() + b"\n"
    row = {"name": "bob\x1b[2J", "key": "key\x1b[2J", "since": 1, "trust": "new\x1b[2J"}
    for words, *answer in ((("send", "bob", "hi"), {"id": 1}), (("list",), {"id": 1, "ok": False}),
                           (("list",), {"id": 1, "row": row}, {"id": 1, "error": "no more", "code": "failure"})):
        impostor = Impostor(world, "alice", hello + b"".join(json.dumps(one).encode() + b"\n" for one in answer))
        printed = world.sims("alice", server, *words, options=("--wait", "1"), expect=FAILURE)
        impostor.close()
        (world.path / "alice" / "socket").unlink()
        check("\x1b" not in printed and ("bob" in printed) == (len(answer) == 2), f"{printed!r}")


def test_socket_in_the_way(world):
    """attack 64: a stale socket is replaced. A link or file in its place is left alone, and commands wait for the store."""
    server = world.server()
    alice = listen(world, "alice", server)
    path = holder_socket(alice)
    if not path.startswith(str(world.path)):
        end(alice)
        return  # elsewhere the folder has other programs' sockets
    check(os.stat(path).st_mode & 0o777 == 0o600, "others may connect")
    alice.kill()
    alice.wait(DEADLINE)
    check(os.path.exists(path), "no stale socket")
    alice = listen(world, "alice", server)
    world.sims("alice", None, "list")
    end(alice)
    check(not os.path.exists(path), "left behind")
    (world.path / "precious").write_text("precious")
    for target in ("precious", "nowhere"):
        os.symlink(world.path / target, path)
        alice = listen(world, "alice", server)
        world.sims("alice", server, "list", options=("--wait", "0"), expect=FAILURE)
        check("not a socket" in world.last_error, world.last_error)
        _, errors = end(alice)
        check("is in the way" in errors, errors)
        check(os.path.islink(path), "the link was removed")
        os.unlink(path)
    check((world.path / "precious").read_text() == "precious" and not (world.path / "nowhere").exists(), "went through the link")


def test_thousand_connections(world):
    """attack 64: 1,000 connections to the holder are bounded, and it serves again when they are gone."""
    server = world.server()
    alice = listen(world, "alice", server)
    path = holder_socket(alice)
    fds = lambda: len(os.listdir(f"/proc/{alice.pid}/fd"))
    before = fds()
    callers = []
    for _ in range(1000):
        caller = socket.socket(socket.AF_UNIX)
        caller.connect(path)
        callers.append(caller)
    until(fds, lambda n: n <= before + 80, "bound of its descriptors")
    world.sims("alice", server, "list", options=("--wait", "0"), expect=FAILURE)
    for caller in callers:
        caller.close()
    until(lambda: (world.sims("alice", server, "list", options=("--wait", "5"), expect=None), world.last_status)[1],
          lambda status: status == 0, "service")
    end(alice)


def test_another_user(world):
    """attack 64: the holder refuses another user who can reach the socket."""
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    server = world.server()
    alice = listen(world, "alice", server)
    path = holder_socket(alice)
    for folder in [world.path, *(p for p in [world.path / "alice"] if str(p) in path), path]:
        os.chmod(folder, 0o777)
    code = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.makefile().read())"
    run = subprocess.run(["/usr/bin/python3", "-c", code, path], capture_output=True, text=True, user=65534, group=65534,
                         timeout=DEADLINE, cwd="/", env={})
    check("another user" in run.stdout, f"{run.stdout}{run.stderr}")
    end(alice)


def test_long_path(world):
    """A store with a path longer than a socket address may be."""
    server = world.server()
    home = "long/" + "/".join(["x" * 50] * 4)
    bob = meet(world, server, count=1)
    (world.path / home).parent.mkdir(parents=True, mode=0o700)
    alice = world.start_sims(home, server, "listen", options=("--accept-new", "--name", "alice"))
    world.await_online(server, "alice")
    world.sims(home, None, "send", "bob", "from far below")
    check(bodies(received(bob)) == ["from far below"], "bob did not get it")
    alice.terminate()
    alice.communicate(timeout=DEADLINE)
