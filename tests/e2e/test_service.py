"""simsd as a service: the privileges that it drops, and its units for systemd."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from harness import BUILD, DEADLINE, ROOT, Skip, check, until

UNITS = ROOT / "contrib/systemd"
SANITIZED = os.environ.get("VARIANT") in ("asan", "tsan")  # a seccomp filter would break their run time


def threads(pid):
    """The fields of /proc/PID/task/*/status, a dictionary for each thread."""
    return [dict(line.split(":", 1) for line in Path(f"/proc/{pid}/task/{thread}/status").read_text().splitlines())
            for thread in os.listdir(f"/proc/{pid}/task")]


def field(pid, name):
    """The distinct values of a field over all threads."""
    return {" ".join(status[name].split()) for status in threads(pid)}


def refused(world, *options, state="other", how=None):
    run = subprocess.run([BUILD / "simsd", "--state-dir", world.path / state, "--listen", "127.0.0.1:0", *options],
                         capture_output=True, text=True, timeout=DEADLINE, env=world.env, cwd="/", **(how or {}))
    check(run.returncode == 1, f"{options}: exit status {run.returncode}\n{run.stderr}")
    return run.stderr


def test_confined_in_all_its_threads(world):
    server = world.server("--suites", "ecdhe")
    world.sims("alice", server, "list")  # starts the handshake threads
    pid = server.process.pid
    check(len(threads(pid)) > 1, "one thread only")
    check(field(pid, "NoNewPrivs") == {"1"}, f"no_new_privs: {field(pid, 'NoNewPrivs')}")
    check(field(pid, "Seccomp") == ({"0"} if SANITIZED else {"2"}), f"seccomp: {field(pid, 'Seccomp')}")
    said = "event=not-confined" if SANITIZED else "event=confined"
    check(said in server.log().split("ready on")[0], f"no {said} before it serves:\n{server.log()}")


def test_not_confined_when_told_so(world):
    server = world.server("--no-confine")
    check(field(server.process.pid, "Seccomp") == {"0"}, "it has a filter")
    check(field(server.process.pid, "NoNewPrivs") == {"1"}, "it may get new privileges")
    check('event=not-confined reason="--no-confine, or confine = false"' in server.log(), server.log())


def root_and_nobody(world):
    if os.geteuid() != 0:
        raise Skip("not root")
    os.chmod(world.path, 0o755)  # so that the user `nobody` can enter it
    return pwd.getpwnam("nobody")


def test_user_is_what_root_becomes(world):
    nobody = root_and_nobody(world)
    folder, config, pid_file = world.path / "deep/state", world.path / "simsd.conf", world.path / "simsd.pid"
    config.write_text('user = "nobody"\n')
    config.chmod(0o644)
    server = world.server("--config", str(config), "--pid-file", str(pid_file), state="deep/state")
    pid = server.process.pid
    world.sims("alice", server, "list")
    for name, number in (("Uid", nobody.pw_uid), ("Gid", nobody.pw_gid)):
        check(field(pid, name) == {" ".join([str(number)] * 4)}, f"{name}: {field(pid, name)}")
    for name, want in (("Groups", ""), ("CapPrm", "0" * 16), ("CapEff", "0" * 16), ("CapInh", "0" * 16)):
        check(field(pid, name) == {want}, f"{name}: {field(pid, name)}")
    for path in (folder, *folder.iterdir()):
        check(path.stat().st_uid == nobody.pw_uid, f"{path} belongs to {path.stat().st_uid}")
    check(pid_file.read_text() == f"{pid}\n" and pid_file.stat().st_uid == 0, "a pid file that the user could change")

    config.write_text('user = "nobody"\nregistration = "closed"\n')
    server.process.send_signal(signal.SIGHUP)
    until(server.log, lambda log: "event=reloaded" in log, "reload")
    world.sims("bob", server, "list", expect=None)
    check("registr" in world.last_error, world.last_error)
    check(server.stop() == 0, server.log())
    check(pid_file.read_text() == "", "the pid file still names it")

    again = world.server("--user", "nobody", state="deep/state")  # with the state of the run before
    check(again.id == server.id, "another identity")
    printed = subprocess.run([BUILD / "simsd", "--user", "nobody", "--state-dir", world.path / "printed", "--print-id"],
                             capture_output=True, text=True, timeout=DEADLINE, env=world.env)
    check(printed.returncode == 0, printed.stderr)
    check((world.path / "printed/identity").stat().st_uid == nobody.pw_uid, "--print-id makes root's files")


def test_user_binds_a_port_of_root(world):
    root_and_nobody(world)
    for port in range(1023, 600, -1):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                break
            except OSError:
                continue
    server = world.server("--user", "nobody", listen=f"127.0.0.1:{port}")
    check(server.port == port, server.address)
    world.sims("alice", server, "list")


def test_user_that_cannot_be(world):
    check("no-such-user: there is no such user" in refused(world, "--user", "no-such-user"), "unknown user")
    check("root: has root's rights" in refused(world, "--user", "root"), "root")
    nobody = root_and_nobody(world)
    (world.path / "roots").mkdir(mode=0o700)
    check("belongs to another user" in refused(world, "--user", "nobody", state="roots"), "root's folder")
    if not os.access(BUILD, os.X_OK) or not all(p.stat().st_mode & 1 for p in BUILD.parents):
        return  # the user `nobody` cannot start it from there
    said = refused(world, "--user", "daemon", how={"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})
    check("only root can become another user" in said, said)


def test_service_manager_is_told(world):
    """simsd reports start, watchdog, reload and stop; a stopped process reports nothing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(world.path / "notify"))
        manager.settimeout(DEADLINE)
        world.env |= {"NOTIFY_SOCKET": str(world.path / "notify"), "WATCHDOG_USEC": "200000"}

        def await_word(word):
            while word not in (said := manager.recv(4096).decode()):
                check(said == "WATCHDOG=1", f"{said!r} instead of {word}")

        server = world.server("--suites", "ecdhe")
        await_word("READY=1")
        for _ in range(5):
            await_word("WATCHDOG=1")
        server.process.send_signal(signal.SIGHUP)
        await_word("RELOADING=1")
        await_word("READY=1")
        server.process.send_signal(signal.SIGSTOP)
        until(lambda: field(server.process.pid, "State"), lambda states: states == {"T (stopped)"}, "halt")
        manager.setblocking(False)
        try:
            while manager.recv(4096):
                pass
        except BlockingIOError:
            pass
        manager.settimeout(1)  # five times the manager's timeout: the passing time is the test
        try:
            check(False, f"a stopped one says {manager.recv(4096)}")
        except TimeoutError:
            pass
        manager.settimeout(DEADLINE)
        server.process.send_signal(signal.SIGCONT)
        await_word("WATCHDOG=1")
        server.process.send_signal(signal.SIGTERM)
        await_word("STOPPING=1")
        check(server.process.wait(DEADLINE) == 0, server.log())


def test_no_watchdog_where_none_is_wanted(world):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(world.path / "notify"))
        manager.settimeout(DEADLINE)
        world.env |= {"NOTIFY_SOCKET": str(world.path / "notify")}
        server = world.server("--suites", "ecdhe")
        world.sims("alice", server, "list")
        server.process.send_signal(signal.SIGTERM)
        said = ""
        while "STOPPING" not in said:
            said += manager.recv(4096).decode()
        check("WATCHDOG" not in said, said)


def analyze(*words, **more):
    if not shutil.which("systemd-analyze"):
        raise Skip("there is no systemd-analyze")
    run = subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, timeout=DEADLINE, **more)
    return run.returncode, run.stdout + run.stderr


def test_units_expose_little(world):
    status, said = analyze("security", "--no-pager", "--offline=true", "--threshold=6", UNITS / "simsd.service")
    level = re.search(r"Overall exposure level for simsd.service: (\d+\.\d)", said)
    check(level, f"no level: {said}")
    world.note(f"exposure {level[1]}, at most 0.6")
    check(status == 0 and float(level[1]) <= 0.6, said)


def test_units_are_understood(world):
    """The units, also with each drop-in; systemd reports unknown settings on standard error."""
    (world.path / "simsd.conf").touch()
    unit = (UNITS / "simsd.service").read_text().replace("/usr/local/sbin/simsd", "/bin/true")
    for drop_in in (None, *UNITS.glob("simsd.service.d/*.example")):
        folder = world.path / f"units-{drop_in.stem if drop_in else 'plain'}"
        (folder / "simsd.service.d").mkdir(parents=True)
        (folder / "simsd.service").write_text(unit)
        shutil.copy(UNITS / "simsd.socket", folder)
        if drop_in:
            check(drop_in.suffixes == [".conf", ".example"], f"{drop_in} has no name that copies well")
            text = re.sub("(?m)^#(?=[A-Z][A-Za-z]*=)", "", drop_in.read_text())  # every line that it proposes
            (folder / "simsd.service.d" / drop_in.stem).write_text(text)
        status, said = analyze("verify", "--man=no", "--recursive-errors=no", folder / "simsd.service",
                               folder / "simsd.socket", env=os.environ | {"SYSTEMD_UNIT_PATH": f"{folder}:"})
        check(status == 0 and said == "", f"{drop_in}: {said}")


def test_manual_shows_how_to_bind_one_address(world):
    """The drop-in for the socket unit works also before the machine has the address."""
    manual = (ROOT / "man/simsd.8").read_text()
    drop_in = re.search(r"(?s)\n(\[Socket\]\nListenStream=\nListenStream=.*?)\.Ed\n", manual)
    check(drop_in and "FreeBind=yes\n" in drop_in[1], "the example has no FreeBind=")
    (world.path / "simsd.service").write_text((UNITS / "simsd.service").read_text().replace("/usr/local/sbin/simsd", "/bin/true"))
    shutil.copy(UNITS / "simsd.socket", world.path)
    (world.path / "simsd.socket.d").mkdir()
    (world.path / "simsd.socket.d/address.conf").write_text(drop_in[1])
    status, said = analyze("verify", "--man=no", "--recursive-errors=no", world.path / "simsd.socket",
                           env=os.environ | {"SYSTEMD_UNIT_PATH": f"{world.path}:"})
    check(status == 0 and said == "", said)


def test_metrics_socket_is_understood(world):
    (world.path / "simsd.conf").touch()
    shutil.copy(UNITS / "simsd-metrics.socket.example", world.path / "simsd-metrics.socket")
    (world.path / "simsd.service").write_text((UNITS / "simsd.service").read_text().replace("/usr/local/sbin/simsd", "/bin/true"))
    shutil.copy(UNITS / "simsd.socket", world.path)
    status, said = analyze("verify", "--man=no", "--recursive-errors=no", world.path / "simsd-metrics.socket",
                           env=os.environ | {"SYSTEMD_UNIT_PATH": f"{world.path}:"})
    check(status == 0 and said == "", said)


def test_sockets_from_the_manager_win(world):
    """With both, simsd does not serve the configured addresses and says so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        command = ["/bin/bash", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<&{listening.fileno()}', "bash",
                   BUILD / "simsd", "--state-dir", world.path / "state", "--listen", "127.0.0.1:0", "--suites", "ecdhe"]
        run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=world.env, cwd=world.path,
                               pass_fds=[listening.fileno()])
        world.processes.append(run)
        said = ""
        while "ready on" not in said:
            line = run.stderr.readline()
            check(line, f"it ended: {said}")
            said += line
    check(f"ready on 127.0.0.1:{port} id" in said and "event=listen-ignored" in said, said)
    world.sims("alice", f"127.0.0.1:{port}", "list")
