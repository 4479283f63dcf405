"""`sims pipe`: a bot that reads and writes lines."""

import json
import os
import signal
import subprocess
import time

from conversations import TIMEOUT, bodies, deliveries, end, listen
from harness import DEADLINE, check


class Bot:
    def __init__(self, world, who, server, *words):
        command = world._sims(who, server, ["pipe", "--json", *words], ("--accept-new",))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=world.env, cwd=world.path, start_new_session=True)
        world.processes.append(self.process)

    def say(self, line):
        self.process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
        self.process.stdin.flush()

    def hear(self, accept):
        """The first accepted object; those before it are dropped."""
        for line in self.process.stdout:
            check(line.isascii(), f"not ASCII: {line!r}")
            heard = json.loads(line)
            if accept(heard):
                return heard
        check(False, f"the pipe ended: {self.process.stderr.read()}")

    def end(self):
        self.process.stdin.close()
        rest = [json.loads(line) for line in self.process.stdout]
        return self.process.wait(DEADLINE), rest


def converse(world, server, bot):
    bob = listen(world, "bob", server)
    bot.hear(lambda o: o.get("event") == "presence" and o["name"] == "bob" and o["online"])
    bot.say({"do": "send", "id": "a\"1", "to": "bob", "body": "Grüße"})
    sent = bot.hear(lambda o: o.get("id") == "a\"1")
    check(sent["ok"], f"{sent}")
    bot.say({"do": "send", "id": 7, "to": "nobody", "body": "x"})
    check(bot.hear(lambda o: o.get("id") == 7)["code"] == "no_peer", "no such peer")
    for bad in ("not JSON", '{"do":"dance","id":1}', '{"id":[]}', '{"do":"send","id":2,"to":3}', "x" * 200_000):
        bot.say(bad)
        check(bot.hear(lambda o: "error" in o)["code"] == "bad_request", "not refused")
    bot.say({"do": "list", "id": 8})
    check(bot.hear(lambda o: o.get("id") == 8 and "row" in o)["row"]["name"] == "bob", "bob is not listed")
    world.sims("bob", None, "send", "alice", "answer 🌍")
    heard = bot.hear(lambda o: o.get("event") == "message")
    check(heard["body"] == "answer 🌍" and heard["from"] == "bob" and not heard["request"], f"{heard}")
    for i in range(100):
        bot.say({"do": "send", "id": i, "to": "bob", "body": f"number {i}"})
    status, rest = bot.end()
    check(status == 0, f"ended with {status}: {rest[-5:]}")
    proved = [o["id"] for o in rest if o.get("ok")]
    check(sorted(proved) == list(range(100)), f"proved: {proved}")
    got, _ = end(bob)
    check(bodies(got) == ["Grüße"] + [f"number {i}" for i in range(100)], f"bob got {bodies(got)}")


def test_pipe(world):
    server = world.server()
    world.sims("bob", server, "list")
    converse(world, server, Bot(world, "alice", server))


def test_pipe_through_a_holder(world):
    server = world.server()
    world.sims("bob", server, "list")
    alice = listen(world, "alice", server)
    converse(world, server, Bot(world, "alice", None))
    end(alice)


def test_pipe_gives_up(world):
    """Texts that are not acked by the timeout after the end of the input fail and are not sent again."""
    server = world.server()
    bob = listen(world, "bob", server)
    bot = Bot(world, "alice", server, "--timeout", "2")
    bot.hear(lambda o: o.get("event") == "presence" and o["name"] == "bob")
    bot.say({"do": "send", "id": 1, "to": "bob", "body": "heard"})
    bot.hear(lambda o: o.get("id") == 1)
    bob.send_signal(signal.SIGSTOP)
    bot.say({"do": "send", "id": 2, "to": "bob", "body": "not heard"})
    status, rest = bot.end()
    bob.send_signal(signal.SIGCONT)
    check(status == TIMEOUT and [o["code"] for o in rest if o.get("id") == 2] == ["timed_out"], f"{status}: {rest}")
    deliveries(world, "delivered", "failed")
    end(bob)


def test_pipe_slow_reader(world):
    """If its output is not read, a pipe stops reading its input, and its memory stays bounded."""
    server = world.server()
    bot = Bot(world, "alice", server)
    bot.hear(lambda o: o.get("event") == "link" and o["state"] == "online")
    os.set_blocking(bot.process.stdin.fileno(), False)
    line = json.dumps({"do": "send", "id": "x" * 64, "to": "nobody", "body": "y" * 5000}).encode() + b"\n"
    written, idle = 0, 0
    end_at = time.monotonic() + DEADLINE
    while idle < 20 and time.monotonic() < end_at:
        try:
            written += os.write(bot.process.stdin.fileno(), line)
            idle = 0
        except BlockingIOError:
            idle += 1
            time.sleep(0.1)
    check(idle == 20, f"it has read {written} bytes and does not stop")
    with open(f"/proc/{bot.process.pid}/status") as status:
        kib = next(int(l.split()[1]) for l in status if l.startswith("VmRSS"))
    world.note(f"{written >> 10} KiB taken, {kib} KiB resident")
    bot.process.kill()
