"""simsctl against a real simsd: output, permissions, obstacles, and metrics over HTTP."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

from conversations import MAILED, NO_PEER
from harness import BUILD, DEADLINE, Skip, check, until
from test_mail import letter

NOBODY = 65534
SANITIZED = os.environ.get("VARIANT") in ("asan", "tsan")  # these builds do not confine themselves


def simsctl(world, *words, expect=0, **how):
    """Runs simsctl, checks the exit status, returns its output, with standard error if the status is not 0."""
    run = subprocess.run([how.pop("program", BUILD / "simsctl"), *map(str, words)], capture_output=True, text=True,
                         timeout=DEADLINE, env=world.env, cwd=world.path, stdin=subprocess.DEVNULL, **how)
    check(run.returncode == expect, f"simsctl {words}: exit status {run.returncode}\n{run.stdout}{run.stderr}")
    check(expect == 0 or re.fullmatch(r"simsctl: .*\n", run.stderr), f"simsctl {words} says {run.stderr!r}")
    return run.stdout if expect == 0 else run.stderr


def asking(world, server):
    return lambda *words, **how: simsctl(world, "--state-dir", server.state, *words, **how)


def connect(server):
    control = socket.socket(socket.AF_UNIX)
    control.connect(str(server.state / "control"))  # no timeout: a socket with one does not wait for a place
    control.settimeout(DEADLINE)
    return control


def to_the_end(connection):
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            said += chunk
    return said


def test_status(world):
    server = world.server("--name", "office", "--registration", "open")
    ask = asking(world, server)
    world.sims("alice", server, "list")
    status = json.loads(ask("status", "--json"))
    check(status["id"] == server.id and status["name"] == "office" and status["addresses"] == server.address, status)
    check(status["accounts"] == 1 and status["registration"] == "open" and status["log_level"] == "info", status)
    check(status["state_dir"] == str(server.state) and status["resident_bytes"] > 1_000_000, status)
    words = ask("status")
    for line in (rf"id +{server.id}", r"name +office", r"running since +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(\d+ .*\)",
                 r"memory +\d+\.\d MiB.*"):
        check(re.search(f"(?m)^{line}$", words), f"no /{line}/ in\n{words}")
    check(server.id in simsctl(world, "status", "--socket", server.state / "control"), "--socket is another server")


def test_lists_and_numbers(world):
    ask = asking(world, world.server())
    for command, first in (("clients", "CONN"), ("bans", "KIND"), ("names", "NAME")):
        check(ask(command).startswith(first), f"{command}: {ask(command)}")
        for line in ask(command, "--json").splitlines():
            json.loads(line)
    numbers = json.loads(ask("stats", "--json"))
    check(numbers["refused_total"]["banned"] == 0 and numbers["hop"]["count"] == 0, numbers)
    check(re.search(r"(?m)^refused_total banned +0$", ask("stats")), ask("stats"))
    check("\n# TYPE sims_connections gauge\nsims_connections 0\n" in ask("metrics"), ask("metrics"))


def test_reload_and_log_level(world):
    config = world.path / "simsd.conf"
    config.write_text('registration = "open"\n')
    server = world.server("--config", str(config))
    ask = asking(world, server)
    config.write_text('registration = "closed"\n')
    ask("reload")
    check(json.loads(ask("status", "--json"))["registration"] == "closed", "the configuration is the old one")
    config.write_text("nonsense = 1\n")
    check("simsd.conf:1" in ask("reload", expect=1), "it isn't said what is wrong")
    check(json.loads(ask("status", "--json"))["registration"] == "closed", "half a configuration was taken")
    ask("log-level", "warning")
    check(json.loads(ask("status", "--json"))["log_level"] == "warning", ask("status"))


def test_wrong_usage(world):
    for words, said in ((["kcik", "alice"], "Did you mean kick"), ([], "required"), (["kick"], "WHO"), (["kick", "No Name"], "not an id"),
                        (["ban", "conn:7"], "cannot be banned"), (["ban", "bob", "--for", "soon"], "1h30m"),
                        (["ban", "10.0.0.1/8"], "10.0.0.0/8"), (["release", "A"], "NAME"), (["log-level", "loud"], "LEVEL"),
                        (["status", "--jsno"], "--jsno"), (["backup", ""], "empty")):
        check(said in simsctl(world, *words, expect=2), f"{words}: {simsctl(world, *words, expect=2)}")


def test_not_running_and_what_a_killed_server_left(world):
    nowhere = simsctl(world, "status", "--state-dir", world.path / "state", expect=1)
    check("no simsd runs" in nowhere and "--state-dir" in nowhere, nowhere)
    server = world.server()
    server.stop(signal.SIGKILL)
    check((server.state / "control").is_socket(), "the test is about a socket that was left")
    check("no simsd runs" in asking(world, server)("status", expect=1), "what to do?")
    server = world.server()
    asking(world, server)("status")
    server.stop()
    check(not (server.state / "control").exists(), "an orderly end leaves the socket")
    (server.state / "control").write_text("a file of somebody's")
    run = subprocess.run([BUILD / "simsd", "--state-dir", server.state, "--listen", "127.0.0.1:0"], capture_output=True,
                         text=True, timeout=DEADLINE, env=world.env, cwd=world.path, stdin=subprocess.DEVNULL)
    check(run.returncode == 1 and "control" in run.stderr and "in the way" in run.stderr, f"{run}")
    check((server.state / "control").read_text() == "a file of somebody's", "a file was removed")


def test_a_folder_with_a_long_name(world):
    server = world.server(state="/".join(["f" * 50] * 5))
    asking(world, server)("status")


def test_only_root_and_the_servers_user_may_ask(world):
    server = world.server()
    control = server.state / "control"
    check(stat.S_IMODE(control.stat().st_mode) == 0o600, "others may connect")
    if os.geteuid() != 0:
        raise Skip("only root can be somebody else")
    program = world.path / "simsctl"
    shutil.copy(BUILD / "simsctl", program)
    world.path.chmod(0o755)
    ask = asking(world, server)
    other = {"expect": 1, "program": program, "user": NOBODY, "group": NOBODY, "extra_groups": []}
    check("sudo" in ask("status", **other), "it isn't said what to do")
    server.state.chmod(0o755)
    control.chmod(0o777)
    check("only root" in ask("status", **other), "another user was served")
    ask("status")


def test_hostile_bytes(world):
    server = world.server()
    ask = asking(world, server)
    for junk in (b"\x00" * 5000, b"x" * 70000, b"[" * 4000 + b"\n", b"\xff\n", b"GET / HTTP/1.1\r\n\r\n", b"\n",
                 b'{"do":"status"}\n' * 4000 + b"x" * 5000, b'{"do":"kick","who":"\\u0000"}\n{"do":'):
        with connect(server) as control:
            with contextlib.suppress(ConnectionError):
                control.sendall(junk)
                control.shutdown(socket.SHUT_WR)
            for line in to_the_end(control).splitlines():
                check(json.loads(line).keys() & {"ok", "error"}, f"{junk[:20]} is answered with {line}")
    ask("status")
    with contextlib.ExitStack() as open_ones:
        crowd = [open_ones.enter_context(connect(server)) for _ in range(8)]
        for one in crowd:  # each is served, so that none is still in the queue
            one.sendall(b'{"do":"reload"}\n')
            check(one.recv(100), "no answer")
        check("too many" in ask("status", expect=1), "there is no limit")
        for _ in range(30):
            open_ones.enter_context(connect(server))
        world.sims("alice", server, "list")
    until(lambda: subprocess.run([BUILD / "simsctl", "--state-dir", server.state, "status"], capture_output=True,
                                 timeout=DEADLINE, env=world.env).returncode, lambda code: code == 0, "place again")


def test_who_does_not_read_is_cut_off(world):
    server = world.server()
    with connect(server) as control:
        def cut_off():
            try:
                control.sendall(b'{"do":"metrics"}\n' * 100)
                return False
            except ConnectionError:
                return True
        until(cut_off, bool, "end of the connection", seconds=10)
    asking(world, server)("status")


def test_who_asks_much_and_says_no_more_gets_the_answers(world):
    server = world.server()
    with connect(server) as control:
        control.sendall(b'{"do":"metrics"}\n' * 200)  # more answers than the kernel buffers
        control.shutdown(socket.SHUT_WR)
        answers = to_the_end(control).splitlines()
    check(len(answers) == 200 and all(json.loads(answer)["ok"] for answer in answers), f"{len(answers)} answers")


# --- metrics over HTTP --------------------------------------------------------------------------------------------


def metrics_address(server):
    return re.search(r"event=metrics address=(\S+)", server.log())[1]


def get(address, path="/metrics", method="GET"):
    connection = http.client.HTTPConnection(address, timeout=DEADLINE)
    connection.request(method, path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_metrics_over_http(world):
    server = world.server("--metrics-listen", "127.0.0.1:0", "--suites", "ecdhe")
    address = metrics_address(server)
    answer, text = get(address)
    check(answer.status == 200 and "version=0.0.4" in answer.headers["Content-Type"], answer.headers)
    check("\nsims_messages_total 0\n" in text, text)
    run = subprocess.run([BUILD / "bench/simsbench", "--server", server.address, "--connections", "4", "--pairs", "2", "--window",
                          "4", "--messages", "500", "--seconds", "60", "--warmup", "0", "--json"], capture_output=True,
                         text=True, timeout=DEADLINE)
    check(run.returncode == 0, run.stderr)
    _, text = get(address)
    forwarded = int(re.search(r"(?m)^sims_messages_total (\d+)$", text)[1])
    check(forwarded >= 500, text)
    check(re.search(rf"(?m)^sims_hop_seconds_count {forwarded}$", text), f"not all {forwarded} messages are in\n{text}")
    check(not re.search(r"(?m)^sims_hop_seconds_sum 0\.0$", text), text)
    check([get(address, "/")[0].status, get(address, method="POST")[0].status] == [404, 405], "other answers")


def test_metrics_listener_is_bounded(world):
    server = world.server("--metrics-listen", "127.0.0.1:0")
    host, port = metrics_address(server).rsplit(":", 1)
    slow = [socket.create_connection((host, int(port)), timeout=DEADLINE) for _ in range(12)]
    try:
        slow[0].sendall(b"GET /metrics HTTP/1.1\r\n")
        for one in slow:  # silent connections are closed in time
            check(to_the_end(one) == b"", "an answer to nothing")
    finally:
        for one in slow:
            one.close()
    check(get(f"{host}:{port}")[0].status == 200, "it doesn't answer any more")


def test_metrics_are_for_this_machine(world):
    for address in ("0.0.0.0:9467", "192.0.2.1", "localhost:9467", "[::]:9467", "", "127.0.0.1:x"):
        run = subprocess.run([BUILD / "simsd", "--check-config", "--metrics-listen", address], capture_output=True, text=True,
                             timeout=DEADLINE, env=world.env)
        check(run.returncode == 2 and "metrics-listen" in run.stderr, f"{address}: {run}")
    for address in ("127.0.0.1", "127.3.2.1:0", "[::1]:9467", "::1"):
        run = subprocess.run([BUILD / "simsd", "--check-config", "--metrics-listen", address], capture_output=True, text=True,
                             timeout=DEADLINE, env=world.env)
        check(run.returncode == 0, f"{address}: {run}")


def start_with_sockets(world, sockets, *options):
    """simsd with named sockets from a service manager."""
    names = ":".join(sockets)
    passes = "import os, sys\n"
    for i, listening in enumerate(sockets.values()):
        listening.set_inheritable(True)
        passes += f"os.dup2({listening.fileno()}, {100 + i}, True)\n"
    for i in range(len(sockets)):
        passes += f"os.dup2({100 + i}, {3 + i}, True)\n"
    passes += f"os.environ.update(LISTEN_FDS='{len(sockets)}', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='{names}')\n"
    passes += "os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen([sys.executable, "-c", passes, BUILD / "simsd", "--state-dir", world.path / "state", *options],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env=world.env, cwd=world.path, close_fds=False)
    world.processes.append(process)
    return process


def test_metrics_on_a_socket_from_the_service_manager(world):
    with socket.create_server(("127.0.0.1", 0)) as clients, socket.create_server(("127.0.0.1", 0)) as metrics:
        address, of_metrics = ("127.0.0.1:%d" % s.getsockname()[1] for s in (clients, metrics))
        process = start_with_sockets(world, {"metrics": metrics, "simsd.socket": clients})
    for line in process.stderr:
        if "ready on" in line:
            break
    check(f"ready on {address} id" in line, line)
    world.sims("alice", address, "list")
    check(get(of_metrics)[0].status == 200, "no metrics")
    process.terminate()
    check(process.wait(DEADLINE) == 0, "it ended badly")
    with socket.create_server(("0.0.0.0", 0)) as open_to_all:
        process = start_with_sockets(world, {"metrics": open_to_all}, "--listen", "127.0.0.1:0")
    said = process.communicate(timeout=DEADLINE)[1]
    check(process.returncode == 1 and "loopback" in said, said)


# --- syslog -------------------------------------------------------------------------------------------------------

# Runs in its own mount namespace, with a /dev that has a log socket.
SYSLOG = """
import os, signal, socket, subprocess, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
log.settimeout(60)
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
print(server.stderr.readline(), end="")
server.terminate()
print(server.communicate()[1], end="")
print("---")
text = ""
while "event=stopped" not in text:
    text = log.recv(4096).decode()
    print(text)
"""
# The system log's daemon restarts, so the old connection is dead.
SYSLOG_RESTARTS = """
import os, signal, socket, subprocess, sys, time
def new_log():
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind("/dev/log")
    log.settimeout(60)
    return log
log = new_log()
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
print(server.stderr.readline(), end="")
while "event=" not in log.recv(4096).decode():
    pass
log.close()
os.unlink("/dev/log")
log = new_log()
for _ in range(2):
    server.send_signal(signal.SIGHUP)
    while "event=reload" not in (line := server.stderr.readline()):
        if not line:
            sys.exit("standard error ended")
        print(line, end="")
    print(line, end="")
server.terminate()
print(server.communicate()[1], end="")
print("---")
log.settimeout(0)
try:
    while True:
        print(log.recv(4096).decode())
except BlockingIOError:
    pass
"""
NEW_DEV = """
set -e
mkdir "$1" && mount -t tmpfs tmpfs "$1"
for n in null urandom; do touch "$1/$n"; mount --bind /dev/$n "$1/$n"; done
mount --rbind "$1" /dev
shift
exec "$@"
"""


def with_a_dev(world, script, *options):
    """The output of the script, before and after ---."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        raise Skip("only root can have a /dev of its own")
    run = subprocess.run(["unshare", "-m", "/bin/sh", "-c", NEW_DEV, "sh", world.path / "dev", sys.executable, "-c", script,
                          BUILD / "simsd", "--log", "syslog", "--state-dir", world.path / "state", "--listen", "127.0.0.1:0",
                          *options],
                         capture_output=True, text=True, timeout=DEADLINE, env=world.env, cwd=world.path,
                         stdin=subprocess.DEVNULL)
    check(run.returncode == 0, f"{run.stdout}{run.stderr}")
    return run.stdout.split("---\n")


def test_log_to_syslog(world):
    said, logged = with_a_dev(world, SYSLOG)
    check("ready on" in said and "event=" not in said, f"on standard error: {said}")
    # LOG_DAEMON * 8 + LOG_NOTICE
    check(re.search(r"(?m)^<29>.* simsd\[\d+\]: event=stopping connections=0", logged), logged)


def test_system_log_that_restarts(world):
    """A confined server cannot reconnect: it says so once on standard error and logs there. Others reconnect."""
    (world.path / "off").mkdir()
    said, logged = with_a_dev(world, SYSLOG_RESTARTS.replace("for _ in range(2)", "for _ in range(0)"), "--no-confine")
    check("event=syslog-gone" not in said and "event=stopped" in logged, f"without the sandbox: {said}---{logged}")
    if SANITIZED:
        raise Skip("a sanitizer build doesn't confine itself")
    said, logged = with_a_dev(world, SYSLOG_RESTARTS)
    check(said.count("event=syslog-gone") == 1 and "lines-lost=" in said, said)
    check(said.count("event=reloaded") == 2 and "event=stopped" in said and logged == "", f"{said}---{logged}")



def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def test_kick_ban_and_unban(world):
    server = world.server()
    ask = asking(world, server)
    alice = world.start_sims("alice", server, "listen")
    until(server.log, lambda log: "event=login" in log, "alice's login")
    client = next(row for row in rows(ask("clients", "--json")) if row.get("name") == "alice")
    check(client["address"] == "127.0.0.1" and client["suite"] == "ecdhe" and client["online"], client)
    check("disconnected: 1" in ask("kick", f"conn:{client['conn']}"), "nobody was cut off")
    until(server.log, lambda log: log.count("event=login ") == 2, "alice comes back after a kick")
    ask("kick", "bob", expect=1)
    ask("ban", "alice", "--reason", "spam\033[31m", "--for", "1h")
    alice.wait(DEADLINE)
    check("banned" in alice.communicate()[1], "a client is not told that it is banned")
    check(re.search(r"name +alice .*spam\^\[\[31m", ask("bans")), ask("bans"))
    server.stop(signal.SIGKILL)
    server = world.server()
    ask = asking(world, server)
    world.sims("alice", server, "list", expect=None)
    check(world.last_status != 0 and "banned" in world.last_error, f"a ban ends with the server: {world.last_error}")
    ask("unban", "alice")
    world.sims("alice", server, "list")
    ask("unban", "alice", expect=1)
    ask("ban", "127.0.0.0/8")
    world.sims("alice", server, "list", expect=None)
    check(world.last_status != 0 and "banned" in world.last_error, world.last_error)
    ask("unban", "127.0.0.0/8")
    world.sims("alice", server, "list")


def test_names_and_release(world):
    server = world.server()
    ask = asking(world, server)
    for name in ("carol", "alice", "bob"):
        world.sims(name, server, "list")
    names = [row["name"] for row in rows(ask("names", "--json")) if "name" in row]
    check(names == ["alice", "bob", "carol"], names)
    world.sims("thief", server, "list", options=("--accept-new", "--name", "bob"), expect=None)
    check(world.last_status != 0, "a name was given twice")
    ask("release", "bob")
    world.sims("thief", server, "list", options=("--accept-new", "--name", "bob"))
    ask("release", "nobody", expect=1)


def without_mailbox(world, how):
    """bob, for whom a letter waits, is released or banned, and simsd killed as soon as simsctl has its answer: by then the
    mailbox is gone from the disk. Returns the new server, and how many letters wait for him."""
    server = world.server()
    check(letter(world, server, "for nobody") == MAILED, f"{world.last_status}: {world.last_error}")
    bob = world.sims("bob", None, "id").strip()
    box = json.loads(asking(world, server)("mail", bob, "--json"))
    check(box["letters"] == 1 and box["prekeys"], box)
    asking(world, server)(how, "bob")
    server.stop(signal.SIGKILL)
    server = world.server()
    box = json.loads(asking(world, server)("mail", bob, "--json"))
    check(box["letters"] == 0 and not box["prekeys"], box)
    return server, lambda: json.loads(asking(world, server)("mail", bob, "--json"))["letters"]


def test_release_takes_the_mailbox(world):
    server, waiting = without_mailbox(world, "release")
    names = [row["name"] for row in rows(asking(world, server)("names", "--json")) if "name" in row]
    check("alice" in names and "bob" not in names, names)
    world.sims("bob", server, "list")  # he registers again
    check(waiting() == 0, "he got his old mailbox")


def test_ban_takes_the_mailbox(world):
    server, waiting = without_mailbox(world, "ban")
    world.sims("alice", server, "send", "bob", "more", expect=NO_PEER)
    check(waiting() == 0, "the mailbox of who is banned fills again")
    asking(world, server)("unban", "bob")
    check(letter(world, server, "welcome back") == MAILED, f"{world.last_status}: {world.last_error}")
    check(waiting() == 1, "no letters after a ban")


def test_mail(world):
    server = world.server()
    ask = asking(world, server)
    world.sims("alice", server, "list")
    check("0 letters and 0 receipts wait" in ask("status"), ask("status"))
    for who in ("alice", next(row["id"] for row in rows(ask("names", "--json")) if "id" in row)):
        box = json.loads(ask("mail", "--json", "--", who))  # an id may begin with a dash
        check(box["letters"] == 0 and box["given"] == 0, box)
    dashed = "-iuwyHRNbJU9brJ1Lh5BIBE8ZxMHLoAFlV46J-TzmoY"
    for words in (["--", dashed], ["id:" + dashed]):
        check("letters" in ask("mail", *words), f"{words}: not understood")
    ask("mail", dashed, expect=2)
    check("letters" in ask("mail", "alice"), "words")
    check("not registered" in ask("mail", "nobody", expect=1), "a mailbox of nobody")
    check(ask("mail", "alice", "--purge") == "removed: 0\n", "purge")
    check(ask("mail", "--restored").startswith("prekeys dropped: "), "restored")
    ask("mail", expect=2)
    check("sims_mail_waiting{kind=\"letters\"} 0" in ask("metrics"), "metrics")


def test_backup_while_running(world):
    server = world.server()
    ask = asking(world, server)
    world.sims("alice", server, "list")
    ask("backup", "copy.db")  # relative to simsctl's working directory
    for name in ("copy.db", "copy.db.mail"):
        check((world.path / name).stat().st_mode & 0o777 == 0o600, f"others may read {name}")
    check("copy.db" in ask("backup", "copy.db", expect=1), "a file was overwritten")
    (world.path / "half.db.mail").touch()
    check("half.db.mail" in ask("backup", "half.db", expect=1), "a file was overwritten")
    check(not (world.path / "half.db").exists(), "half a backup")
    (server.state / "accounts.db").rename(server.state / "gone.db")
    check("replaced or removed" in ask("backup", "other.db", expect=1), "a backup without the accounts")
    check(not (world.path / "other.db.mail").exists(), "the other half of a backup")
    (server.state / "gone.db").rename(server.state / "accounts.db")
    restored = world.path / "restored"
    restored.mkdir(mode=0o700)
    shutil.copy(world.path / "copy.db", restored / "accounts.db")
    shutil.copy(world.path / "copy.db.mail", restored / "mail.db")
    shutil.copy(server.state / "identity", restored / "identity")
    server.stop()
    again = world.server(state="restored")
    names = [row["name"] for row in rows(asking(world, again)("names", "--json")) if "name" in row]
    check(names == ["alice"], names)


def test_invitations(world):
    server = world.server("--registration", "closed")
    ask = asking(world, server)
    code = ask("invite", "--for", "1h").split()[-1]
    check(json.loads(ask("status", "--json"))["invitations"] == 1, ask("status"))
    world.sims("alice", server, "list", options=("--accept-new", "--invite", "0000" + code[4:]), expect=None)
    check(world.last_status != 0 and "invitation" in world.last_error, f"a wrong code: {world.last_error}")
    world.sims("alice", server, "list", options=("--accept-new", "--invite", code.lower()))
    world.sims("alice", server, "list")
    world.sims("bob", server, "list", options=("--accept-new", "--invite", code), expect=None)
    check(world.last_status != 0, "an invitation was used twice")
    check(code not in server.log(), "the log has the code")
    check(json.loads(ask("status", "--json"))["invitations"] == 0, ask("status"))
