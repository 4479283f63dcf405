"""simsd from outside: options, state folder, signals."""

import base64
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time

from harness import BUILD, DEADLINE, ROOT, Skip, check, gone, until

PROGRAMS = ("simsd", "simsctl", "sims", "sims-tui")
COMMANDS = {"sims": ["id"], "simsctl": ["status"]}  # a command that each needs


def simsd(world, *options, expect=0):
    run = subprocess.run([BUILD / "simsd", *map(str, options)], capture_output=True, text=True, timeout=DEADLINE,
                         env=world.env, cwd=world.path, stdin=subprocess.DEVNULL)
    check(run.returncode == expect, f"simsd {options}: exit status {run.returncode}\n{run.stdout}{run.stderr}")
    return run.stdout + run.stderr


def connects(host, port):
    try:
        socket.create_connection((host, port), timeout=5).close()
        return True
    except OSError:
        return False


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def run_program(world, name, *options, redirect=""):
    """Runs one of PROGRAMS. `redirect`: a redirection of the shell, such as >&-."""
    command = ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", BUILD / name, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, env=world.env, cwd=world.path,
                          stdin=subprocess.DEVNULL)


def test_version_and_help(world):
    helps = [[name] for name in PROGRAMS]
    helps += [["sims", command] for command in ("id", "list", "send", "listen", "requests", "accept", "decline", "block",
                                             "fingerprint", "verify", "forget", "history", "export", "erase",
                                             "passphrase")]
    helps += [["simsctl", command] for command in ("status", "clients", "names", "stats", "metrics", "kick", "ban", "unban",
                                                   "bans", "invite", "release", "mail", "log-level", "reload", "backup")]
    for words in helps:
        for option in ("--help", "-h"):
            run = run_program(world, *words, option)
            check(run.returncode == 0 and run.stderr == "", f"{words} {option}: {run.returncode}\n{run.stderr}")
            check(f"\nUsage: {' '.join(words)} [OPTIONS]" in run.stdout, f"{words} {option}: usage\n{run.stdout}")
            check("-h, --help" in run.stdout, f"{words}: no -h\n{run.stdout}")
            check(not re.search(r"\b(INT|UINT|REQUIRED)\b|--\w+ TEXT|[A-Z]:[a-z{]", run.stdout), f"raw types:\n{run.stdout}")
            check(all(len(line) <= 100 for line in run.stdout.splitlines()), f"too wide:\n{run.stdout}")
            check(run.stdout.endswith("\n") and not run.stdout.endswith("\n\n"), f"the end of {run.stdout!r}")
    for name in PROGRAMS:
        run = run_program(world, name, "--version")
        check(run.returncode == 0 and re.fullmatch(rf"{name} \S+\nSIMS protocol 1\n", run.stdout), f"{run}")
    check("best first" not in run_program(world, "simsd", "--help").stdout, "the client's order of suites decides")
    check("30" in run_program(world, "sims", "send", "--help").stdout, "--timeout has a default")


def test_what_cannot_be_printed_is_an_error(world):
    runs = [(name, option) for name in PROGRAMS for option in ("--version", "--help")]
    for name, *options in [*runs, ("simsd", "--state-dir", world.path / "state", "--print-id"),
                           ("sims", "--home", world.path / "alice", "id")]:
        for redirect, why in ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")):
            run = run_program(world, name, *options, redirect=redirect)
            check(run.returncode == 1 and run.stderr == f"{name}: standard output: {why}\n",
                  f"{name} {options} {redirect}: {run.returncode}, {run.stderr!r}")


def test_port_0_is_named_in_the_ready_line(world):
    server = world.server()
    check(server.port > 0 and connects("127.0.0.1", server.port), f"nothing serves at {server.address}")


def test_ipv6_and_ipv4(world):
    server = world.server(listen=["127.0.0.1:0", "[::1]:0"])
    check(len(server.addresses) == 2, f"ready line names {server.addresses}")
    six = next(a for a in server.addresses if a.startswith("["))
    check(connects("::1", int(six.rsplit(":", 1)[1])), f"nothing serves at {six}")
    check(world.sims("alice", six, "list") is not None, "no login over IPv6")


def test_listen_on_every_address_of_a_name(world):
    hosts = {at[4][0] for at in socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)}
    server = world.server(listen="localhost:0")
    served = dict(split(address) for address in server.addresses)
    check(served.keys() <= hosts, f"{served} of {hosts}")
    check(served, "nothing")
    for host, port in served.items():
        check(connects(host, port), f"{host} is not served")
    for host in hosts - served.keys():
        check("event=not-listening" in server.log(), server.log())
    said = simsd(world, "--listen", "no-such-host.invalid:0", "--state-dir", world.path / "other", expect=1)
    check("no-such-host.invalid" in said, said)


def test_state_is_private(world):
    server = world.server()
    check(mode(server.state) == 0o700, f"state folder has mode {mode(server.state):o}")
    files = [p for p in server.state.rglob("*") if p.is_file()]
    check(files, "no files in the state folder")
    for path in files:
        check(mode(path) & 0o077 == 0, f"{path.name} has mode {mode(path):o}")


def test_print_id_is_the_id_of_the_ready_line(world):
    printed = simsd(world, "--state-dir", world.path / "state", "--print-id").strip()
    check(re.fullmatch(r"[A-Za-z0-9_-]{43}", printed), f"printed {printed!r}")
    check(world.server().id == printed, "another id serves")


def test_one_simsd_per_state_folder(world):
    server = world.server()
    said = simsd(world, "--state-dir", server.state, "--listen", "127.0.0.1:0", expect=1)
    check(str(server.state) in said, f"said {said!r}")
    check(connects("127.0.0.1", server.port), "the first one does not serve any more")


def test_sigterm_and_sigint_end_it_with_0(world):
    for number in (signal.SIGTERM, signal.SIGINT):
        server = world.server()
        check(server.stop(number) == 0, f"exit status {server.process.returncode}\n{server.log()}")


def test_under_load_every_message_arrives_once_and_in_order(world):
    """simsbench compares every message with the sent one and exits with an error if they differ."""
    server = world.server("--suites", "ecdhe")
    run = subprocess.run([BUILD / "bench/simsbench", "--server", f"127.0.0.1:{server.port}", "--connections", "12", "--pairs", "4",
                          "--window", "16", "--messages", "5000", "--seconds", "60", "--warmup", "0", "--server-pid",
                          str(server.process.pid), "--json"], capture_output=True, text=True, timeout=120)
    check(run.returncode == 0, run.stderr)
    figures = json.loads(run.stdout)
    check(figures["messages"] >= 5000 and figures["connections"] == 12, run.stdout)
    check(figures["p50_us"] > 0 and figures["server_us"] > 0 and figures["rss_end_kib"] > 0, run.stdout)


def test_configuration_file(world):
    config = world.path / "simsd.conf"
    config.write_text(f'listen = ["127.0.0.1:0"]\nstate-dir = "{world.path}/state"\nname = "office"\n')
    check(simsd(world, "--config", config, "--check-config").strip() == "", "a good file is complained about")
    for text, line in (('name = "x"\nlistne = "127.0.0.1:0"\n', 2), ("\n\nname = 5\n", 3), ('name = "x\n', 1),
                       ('registration = "perhaps"\n', 1)):
        config.write_text(text)
        said = simsd(world, "--config", config, "--check-config", expect=2)
        check(f"simsd.conf:{line}" in said, f"{text!r} gives {said!r}")


def test_install(world):
    """The unit reads the installed configuration file, and an installation keeps an admin's file."""
    root = world.path / "root"

    def make(target, *variables):
        run = subprocess.run(["make", "-s", "-o", "all", target, f"BUILD={BUILD}", f"DESTDIR={root}", *variables],
                             capture_output=True, text=True, timeout=DEADLINE, env=world.env, cwd=ROOT)
        check(run.returncode == 0, f"make {target}: {run.stdout}{run.stderr}")
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())

    for variables, prefix, config in (((), "/usr/local", "/etc/simsd.conf"), (["PREFIX=/usr"], "/usr", "/etc/simsd.conf"),
                                      (["PREFIX=/opt/sims"], "/opt/sims", "/opt/sims/etc/simsd.conf")):
        make("install", *variables)
        unit = (root / prefix[1:] / "lib/systemd/system/simsd.service").read_text()
        check(f"\nExecStart={prefix}/sbin/simsd --config {config}\n" in unit, unit)
        installed = root / config[1:]
        check(mode(installed) == 0o644, "the service's own user cannot read the file")
        shipped = installed.read_text()
        for text in (shipped, re.sub("(?m)^#(?=[a-z])", "", shipped)):  # as shipped, and with every option enabled
            (world.path / "simsd.conf").write_text(text)
            simsd(world, "--config", world.path / "simsd.conf", "--check-config")
        for document in (root / prefix[1:] / "share/doc/sims").rglob("*.md"):
            for link in re.findall(r"\]\(([^):#]+)\)", document.read_text()):
                check((document.parent / link).exists(), f"{document.name} links {link}, which is not installed")

        installed.write_text('registration = "closed"\n')
        make("install", *variables)
        check(installed.read_text() == 'registration = "closed"\n', "the admin's file was overwritten")
        left = make("uninstall", *variables)
        check(left == [config[1:]], f"uninstall leaves {left}")
        installed.write_text(shipped)
        left = make("uninstall", *variables)
        check(left == [], f"uninstall leaves {left}")


def test_sighup_reloads(world):
    config = world.path / "simsd.conf"
    config.write_text('registration = "open"\n')
    server = world.server("--config", str(config))
    world.sims("alice", server, "list")
    config.write_text('registration = "closed"\n')
    server.process.send_signal(signal.SIGHUP)
    # Each attempt has another name, so the first refusal shows that the reload is done.
    tries = iter(range(1000))
    until(lambda: world.sims(f"bob{next(tries)}", server, "list", expect=None) is None or world.last_error,
          lambda said: "not-registered" in said or "registr" in said, "refusal of new names")
    world.sims("alice", server, "list")
    config.write_text("nonsense = 1\n")
    server.process.send_signal(signal.SIGHUP)
    until(server.log, lambda log: "simsd.conf:1" in log, "complaint about the file in the log")
    config.unlink()
    os.mkfifo(config)
    server.process.send_signal(signal.SIGHUP)
    until(server.log, lambda log: "not a regular file" in log, "complaint about a pipe")
    world.sims("alice", server, "list")


def daemon(world, command=(), **how):
    """Starts simsd --daemon, through `before` if given; returns its address and pid. The world ends it."""
    pid_file = world.path / "simsd.pid"
    run = subprocess.run([*command, BUILD / "simsd", "--daemon", "--pid-file", pid_file, "--state-dir",
                          world.path / "state", "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                         timeout=DEADLINE, env=world.env, cwd=world.path, stdin=subprocess.DEVNULL, **how)
    pid = int(pid_file.read_text()) if pid_file.exists() else None
    if pid:
        world.daemons.append(pid)
    address = re.search(r"ready on (\S+) id", run.stderr)
    check(run.returncode == 0 and address and pid, f"exit status {run.returncode}, no ready line: {run.stderr!r}")
    return address[1], pid


def test_daemon(world):
    address, pid = daemon(world)
    check(connects(*split(address)), "it does not serve")
    check(os.getsid(pid) != os.getsid(0), "it has our session")
    os.kill(pid, signal.SIGTERM)
    until(lambda: gone(pid), bool, "end of the daemon")
    check(not (world.path / "simsd.pid").exists(), "the pid file is still there")


def test_daemon_keeps_nothing_of_its_caller_open(world):
    """Otherwise a caller that reads its pipe to the end would wait until the daemon exits."""
    ours, inherited = os.pipe()
    with open(ours, "rb") as pipe:
        try:
            _, pid = daemon(world, pass_fds=[inherited])
        finally:
            os.close(inherited)
        check(select.select([pipe], [], [], DEADLINE)[0] and pipe.read() == b"", "the pipe is still open")
    check(not gone(pid), "it has ended")


def test_daemon_with_a_socket_from_the_service_manager(world):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        passes = f"import os, sys; os.dup2({listening.fileno()}, 3); " \
                 "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[1], sys.argv[1:])"
        address, _ = daemon(world, (sys.executable, "-c", passes), pass_fds=[listening.fileno()])
        ours = "127.0.0.1:%d" % listening.getsockname()[1]
    check(address == ours, f"it serves on {address}, not on the socket that was passed, {ours}")
    world.sims("alice", ours, "list")


def split(address):
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


def test_login_after_idle_time(world):
    """A server that slept for longer than its handshake deadline accepts the next login: the passing time is the test."""
    config = world.path / "simsd.conf"
    config.write_text("[limits]\nhandshake-seconds = 1\n")
    server = world.server("--config", str(config))
    for _ in range(2):
        world.sims("alice", server, "list")
        time.sleep(1.5)
    world.sims("alice", server, "list")
    check("deadline" not in server.log(), server.log())


def test_handshakes_leave_the_loop_a_processor(world):
    """The loop would wait behind the workers for milliseconds. With one processor there is nothing to test."""
    server = world.server("--suites", "ecdhe")
    loop, ours = server.process.pid, os.sched_getaffinity(0)

    def left():
        """The number of threads that have left the processor to which the loop is pinned."""
        held = os.sched_getaffinity(loop)
        threads = [os.sched_getaffinity(int(t)) for t in os.listdir(f"/proc/{loop}/task") if int(t) != loop]
        if len(held) > 1 or os.sched_getaffinity(loop) != held:
            return 0  # not pinned (yet)
        return sum(cpus == ours - held for cpus in threads)

    seen = 0
    end = time.monotonic() + DEADLINE
    while len(ours) > 1 and seen < 2 and time.monotonic() < end:
        login = world.start_sims("alice", server, "list", stdout=subprocess.DEVNULL)
        while login.poll() is None:
            seen = max(seen, left())  # the threads of a login and of the pool
        check(login.wait() == 0, "alice cannot log in")
    check(len(ours) == 1 or seen >= 2, f"{seen} threads have left the loop's processor")
    until(lambda: os.sched_getaffinity(loop), lambda cpus: cpus == ours, "loop that is free to move")


def test_bad_options(world):
    for options in (["--listen", "127.0.0.1:99999"], ["--suites", "none"], ["--registration", "x"], ["--nonsense"],
                    ["--name", "No Name"], ["--log-level", "loud"], ["--config", ""], ["--config="],
                    ["--state-dir", ""], ["--pid-file", ""]):
        said = simsd(world, "--check-config", *options, expect=2)
        check(re.fullmatch(r"simsd: .*\n", said), f"{options}: {said!r}")
    for name in PROGRAMS:
        for option in ("--nonsense", "--name"):
            run = run_program(world, name, *COMMANDS.get(name, []), option)
            check(run.returncode == 2 and run.stdout == "", f"{name} {option}: {run}")
            check(re.fullmatch(rf"{name}: .*{option}.* \({name} --help tells more\)\n", run.stderr), f"{run.stderr!r}")


def test_too_few_descriptors_are_told(world):
    """With few descriptors simsd starts, or reports that they are missing; it never aborts or reports another cause."""
    if os.environ.get("VARIANT") in ("asan", "tsan"):
        raise Skip("a sanitizer needs descriptors of its own")
    for most in [*range(6, 18), 31, 32]:
        run = subprocess.Popen(["/bin/bash", "-c", f'ulimit -n {most}; exec "$@"', "bash", BUILD / "simsd", "--state-dir",
                                world.path / "state", "--listen", "127.0.0.1:0", "--suites", "ecdhe"],
                               stderr=subprocess.PIPE, text=True, env=world.env)
        world.processes.append(run)
        said = []
        for line in run.stderr:
            said.append(line)
            if "ready on" in line:
                run.terminate()
        status = run.wait(DEADLINE)
        check(status == (0 if any("ready on" in line for line in said) else 1), f"{most}: {status}, {said}")
        check(said and all(re.match("simsd: |/bin/bash: |bash: |.*simsd: error while loading", line) for line in said), said)


def test_a_log_that_nobody_reads(world):
    """With a blocked standard error simsd goes on, exits when asked, and later reports the number of lost lines."""
    ours, its = os.pipe()
    run = subprocess.Popen([BUILD / "simsd", "--state-dir", world.path / "state", "--listen", "127.0.0.1:0", "--suites", "ecdhe"],
                           stderr=its, env=world.env)
    world.processes.append(run)
    log = os.fdopen(ours, "rb", buffering=0)
    said = b""
    while not (ready := re.search(rb"ready on (\S+) id", said)):
        said += log.read(4096)
    os.set_blocking(its, False)
    for size in (4096, 1):
        try:
            while True:
                os.write(its, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(its, True)
    address = ready[1].decode()
    world.sims("alice", address, "list", options=("--accept-new",))
    world.sims("alice", address, "list")
    os.close(its)
    said = log.read(1 << 20)
    check(b"event=" not in said, said[-200:])
    world.sims("bob", address, "list", options=("--accept-new",))
    said = log.read(1 << 20)
    check(re.search(rb"event=\S+ .*lines-lost=\d+", said), said)
    run.terminate()
    check(run.wait(DEADLINE) == 0, "it did not end well")
    log.close()


def test_secrets_are_nowhere(world):
    """attack 40: no key and no text in the most verbose log, and no text in the relay's memory."""
    server = world.server("--log-level", "debug")
    text = "the-eagle-lands-at-midnight"
    world.sims("bob", server, "list")
    bob = world.start_sims("bob", server, "listen", "--count", "1")
    world.await_online(server, "bob")
    world.sims("alice", server, "send", "--timeout", "3", "bob", text, expect=None)
    said, errors = bob.communicate(timeout=DEADLINE)
    check(text in said, "bob did not get it")
    logs = server.log() + world.last_error + (errors or "")
    check("event=login" in logs, logs)
    check(text not in logs, "the text is in a log")
    secret = (server.state / "identity").read_text().split()[-1]
    check(len(secret) > 40 and secret not in logs and base64.b64decode(secret).hex() not in logs, "the key is in a log")
    if os.geteuid() != 0:
        return
    pid, seen = server.process.pid, False
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in open(f"/proc/{pid}/maps"):
            first, last = (int(end, 16) for end in line.split()[0].split("-"))
            if not line.split()[1].startswith("rw") or last - first > 1 << 28:
                continue
            try:
                memory.seek(first)
                content = memory.read(last - first)
            except OSError:
                continue
            seen = seen or server.id.encode() in content
            check(text.encode() not in content, f"the text is in the relay's memory: {line}")
    check(seen, "not even its id was found in its memory")


def test_pid_file_replaces_no_other_file(world):
    server = world.server()
    identity = server.state / "identity"
    server.stop()
    before = identity.read_bytes()
    said = simsd(world, "--state-dir", server.state, "--listen", "127.0.0.1:0", "--pid-file", identity, expect=1)
    check("holds no process id" in said, said)
    check(identity.read_bytes() == before, "the key is gone")


def test_strangers_bytes(world):
    """Junk ends only its own connection."""
    server = world.server()
    junk = [b"\x00" * 5000, b"x" * 70000, b"{}\n", b"[" * 4000 + b"\n", b'{"type":"connect","phase":2}\n', b"\xff\xfe\n",
            b"GET / HTTP/1.1\r\n\r\n", b'{"type":"secure","sa-data":{"epoch":0,"seq":0},"payload":""}\n']
    for data in junk:
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as stranger:
            stranger.sendall(data)
            answer = b""
            try:
                while chunk := stranger.recv(4096):
                    answer += chunk
            except ConnectionResetError:
                pass
            if answer:
                check(answer.count(b"\n") == 1 and b'"error"' in answer, f"{data[:20]!r} is answered with {answer!r}")
    world.sims("alice", server, "list")
