"""Runs the real programs on loopback for the end-to-end tests: a simsd, sims commands, and sims-tui inside terminals that
tmux draws. It needs only Python's standard library. A World owns its processes and folder; it ends the processes by pid and
removes the folder. Tests always wait for a visible event, with a deadline."""

import json
import os
import re
import shlex
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build/release")
SLOW = {"asan": 3, "tsan": 6, "cov": 3, "valgrind": 6}.get(os.environ.get("VARIANT", ""), 1)
DEADLINE = 60 * SLOW  # s; generous, since it only decides when a test fails


# Options of simsd(8) for a test whose clients all come from one address.
MANY_FROM_ONE_ADDRESS = {"connections": 18000, "connections-per-address": 18000}


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def until(get, accept, what, seconds=DEADLINE):
    """Calls get() until accept(value) is true; returns the value."""
    end = time.monotonic() + seconds
    while True:
        value = get()
        if accept(value):
            return value
        if time.monotonic() > end:
            raise Failure(f"after {seconds} s still no {what}; last seen:\n{value}")
        time.sleep(0.05)


def gone(pid):
    """Whether the process has ended."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as f:  # a zombie counts as ended: a container without init keeps it
            return f.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):  # it may end between the two
        return True


class Server:
    """A running simsd."""

    def __init__(self, world, state, listen, options, before):
        self.log_path = world.path / f"simsd-{world.next_number()}.log"
        self.state = world.path / state
        self.log_file = open(self.log_path, "wb")
        command = [*before, str(BUILD / "simsd"), "--state-dir", str(self.state)]
        for address in [listen] if isinstance(listen, str) else listen:
            command += ["--listen", address]
        self.process = subprocess.Popen(command + list(options), stdin=subprocess.DEVNULL, stdout=self.log_file,
                                        stderr=self.log_file, cwd=world.path, env=world.env)
        world.processes.append(self.process)
        self.await_ready()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def await_ready(self):
        def ready():
            found = re.search(r"simsd: ready on (\S+) id (\S{43})$", self.log(), re.M)
            return found or self.process.poll() is not None
        until(ready, bool, "ready line of simsd")
        found = ready()
        check(found is not True, f"simsd ended with {self.process.returncode}:\n{self.log()}")
        self.addresses = found[1].split(",")
        self.address, self.id = self.addresses[0], found[2]
        self.port = int(self.address.rsplit(":", 1)[1])

    def stop(self, number=signal.SIGTERM, seconds=DEADLINE):
        self.process.send_signal(number)
        return self.process.wait(seconds)


class Terminal:
    """A program in a tmux session of its own, as a person would see it."""

    def __init__(self, world, command, columns, rows):
        self.world, self.name = world, f"t{world.next_number()}"
        line = " ".join(shlex.quote(str(word)) for word in command)
        world.tmux("new-session", "-d", "-s", self.name, "-x", str(columns), "-y", str(rows), line)
        world.terminals.append(self)

    def type(self, text):
        self.world.tmux("send-keys", "-t", self.name, "-l", "--", text)

    def key(self, *names):
        self.world.tmux("send-keys", "-t", self.name, *names)

    def enter(self, text):
        self.type(text)
        self.key("Enter")

    def screen(self):
        return self.world.tmux("capture-pane", "-p", "-t", self.name)

    def see(self, pattern, seconds=DEADLINE):
        """Waits until the pattern (a regular expression) is on the screen; returns the screen."""
        wanted = re.compile(pattern, re.M)
        return until(self.screen, wanted.search, f"/{pattern}/ on the screen of {self.name}", seconds)

    def see_not(self, pattern, seconds=DEADLINE):
        wanted = re.compile(pattern, re.M)
        return until(self.screen, lambda s: not wanted.search(s), f"end of /{pattern}/ on the screen", seconds)

    def ask(self, format):
        return self.world.tmux("display-message", "-p", "-t", self.name, format).strip()

    def resize(self, columns, rows):
        self.world.tmux("resize-window", "-t", self.name, "-x", str(columns), "-y", str(rows))

    def pid(self):
        return int(self.ask("#{pane_pid}"))

    def await_end(self):
        """The exit status of the terminal's program."""
        # tmux marks the terminal as dead a moment before it knows the status. Sometimes tmux notices the end of a child
        # only when another child ends, so this starts one, without waiting for it.
        def ended():
            self.world.tmux("run-shell", "-b", "true")
            return self.ask("#{pane_dead_status}#{pane_dead_signal}")
        until(ended, bool, f"end of the program in {self.name}")
        return int(self.ask("#{pane_dead_status}") or -1)


class World:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sims-e2e-")
        self.path = Path(self.folder.name)
        self.processes, self.terminals, self.count, self.notes = [], [], 0, []
        self.daemons = []  # pids of processes that are not our children
        self.tmux_started = False
        keep = {k: v for k, v in os.environ.items() if k == "PATH" or k.endswith("SAN_OPTIONS")}
        self.env = keep | {"HOME": str(self.path / "home"), "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": str(self.path)}
        (self.path / "home").mkdir(mode=0o700)

    def next_number(self):
        self.count += 1
        return self.count

    def note(self, text):
        """A measured value, printed beside the test's name."""
        self.notes.append(text)

    def server(self, *options, state="state", listen="127.0.0.1:0", before=()):
        """`before`: a command that executes simsd."""
        return Server(self, state, listen, options, before)

    def config(self, limits=MANY_FROM_ONE_ADDRESS, **settings):
        """Writes a configuration; returns the options for server() that name it."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        lines += ["[limits]"] + [f"{key} = {json.dumps(value)}" for key, value in limits.items()]
        path = self.path / f"simsd-{self.next_number()}.conf"
        path.write_text("\n".join(lines) + "\n")
        return "--config", str(path)

    # --- sims -----------------------------------------------------------------------------------------------------

    def _sims(self, who, server, words, options):
        command = [str(BUILD / "sims"), "--home", str(self.path / who)]
        if server is not None:
            command += ["--server", getattr(server, "address", server)]
        if server is not None and "--name" not in options:
            command += ["--name", who]
        return command + list(options) + [str(word) for word in words]

    def sims(self, who, server, *words, options=("--accept-new",), expect=0, stdin="", seconds=DEADLINE):
        """Runs `sims COMMAND`, checks the exit status, returns what it printed on standard output."""
        run = subprocess.run(self._sims(who, server, words, options), input=stdin, capture_output=True, text=True,
                             timeout=seconds, env=self.env, cwd=self.path, start_new_session=True)  # no /dev/tty
        check(expect is None or run.returncode == expect,
              f"sims {' '.join(map(str, words))}: exit status {run.returncode}, not {expect}\n{run.stdout}{run.stderr}")
        self.last_error, self.last_status = run.stderr, run.returncode
        return run.stdout

    def start_sims(self, who, server, *words, options=("--accept-new",), stdout=subprocess.PIPE, closed=""):
        """Starts `sims COMMAND`; communicate() or wait() ends it. `closed`: redirections of the shell, such as >&-."""
        command = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh"] + self._sims(who, server, words, options)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=stdout, stderr=subprocess.PIPE, text=True, env=self.env,
                                   cwd=self.path, start_new_session=True)
        self.processes.append(process)
        return process

    def await_online(self, server, *names, by="watcher"):
        """Waits until a new client sees these names in the list."""
        until(lambda: self.sims(by, server, "list"), lambda out: all(re.search(rf"^\W*{n}\b", out, re.M) for n in names),
              f"{names} in the list")

    # --- sims-tui -------------------------------------------------------------------------------------------------

    def tmux(self, *words):
        if not self.tmux_started:
            self.tmux_started = True
            (self.path / "tmux.conf").write_text(
                "set -g remain-on-exit on\nset -g status off\n"
                "set -g default-terminal screen-256color\nset -sg escape-time 0\nset -g history-limit 0\n")
        run = subprocess.run(["tmux", "-L", "e2e", "-f", str(self.path / "tmux.conf"), *words], capture_output=True,
                             text=True, timeout=DEADLINE, env=self.env, stdin=subprocess.DEVNULL)
        check(run.returncode == 0, f"tmux {words[0]}: {run.stderr}")
        return run.stdout

    def terminal(self, *command, columns=80, rows=24):
        return Terminal(self, command, columns, rows)

    def tui_command(self, who, server):
        return [BUILD / "sims-tui", "--home", self.path / who, "--server", getattr(server, "address", server), "--name", who]

    def tui(self, who, server, *options, columns=80, rows=24):
        return self.terminal(*self.tui_command(who, server), *options, columns=columns, rows=rows)

    # --- the end --------------------------------------------------------------------------------------------------

    def terminal_pids(self):
        try:
            panes = self.tmux("list-panes", "-a", "-F", "#{pane_dead} #{pane_pid}").splitlines()
            return [int(pane.split()[1]) for pane in panes if pane.startswith("0")]
        except Failure:
            return []  # no terminal was started

    def report(self):
        """Logs and screens for the report of a failure."""
        parts = []
        for terminal in self.terminals:
            try:
                parts.append(f"--- screen {terminal.name}\n{terminal.screen().rstrip()}")
            except (Failure, subprocess.SubprocessError) as error:
                parts.append(f"--- screen {terminal.name}: {error}")
        for process in self.processes:
            if process.stderr and process.poll() is not None and process.returncode != 0 and not process.stderr.closed:
                errors = "\n".join(process.stderr.read().splitlines()[-8:])
                parts.append(f"--- {' '.join(process.args[4:])}: exit status {process.returncode}\n{errors}")
        for log in sorted(self.path.glob("simsd-*.log")):
            parts.append(f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-8:]))
        return "\n".join(parts)

    def close(self):
        ending = []
        if self.tmux_started:
            ending = self.terminal_pids()
            subprocess.run(["tmux", "-L", "e2e", "kill-server"], env=self.env, stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=DEADLINE)
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        for pid in self.daemons:
            if not gone(pid):
                os.kill(pid, signal.SIGKILL)
        for pid in self.daemons + ending:  # files that they write at exit would prevent removing the folder
            until(lambda: gone(pid), bool, f"end of {pid}")
        self.folder.cleanup()
