"""Pairs of real `sims listen` exchange queued texts (tests/stress/queue) through chaos_proxy.py, while programs are killed and
the server restarts. Afterwards every message is accounted for, from the printed lines and the histories. For test_chaos.py
and tests/stress/stress.py."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from harness import BUILD, SLOW, check

PROXY = Path(__file__).parent / "chaos_proxy.py"


def number(text):
    return int(text.rsplit("#", 1)[1])


class Client:
    """One `sims listen`, started again whenever it ends."""

    def __init__(self, world, address, name, peer):
        self.world, self.address, self.name, self.peer = world, address, name, peer
        self.id = world.sims(name, None, "id").strip()
        self.lives, self.process, self.read_to = [], None, 0  # of each life: [numbers printed, whether it was killed]
        self.printed = 0  # the highest number

    def start(self):
        path = self.world.path / f"{self.name}-{len(self.lives)}.jsonl"
        with open(path, "a") as its:  # opened apart from ours, so that the program does not move our position
            self.process = self.world.start_sims(self.name, self.address, "listen", "--json", options=(), stdout=its)
        self.out = open(path)
        self.lives.append([[], False])
        self.read_to = 0

    def read(self):
        """Takes the lines printed since the last call."""
        self.out.seek(self.read_to)
        text = self.out.read()
        whole = text[:text.rfind("\n") + 1]  # a killed program may leave a part of a line
        self.read_to += len(whole)
        for line in whole.splitlines():
            message = json.loads(line)
            check(message["from"] == self.peer.name, f"{self.name} was shown {line}")
            self.lives[-1][0].append(number(message["body"]))
        self.printed = max([self.printed] + self.lives[-1][0][-1:])

    def end(self, number_of_signal):
        if number_of_signal == signal.SIGKILL:
            self.lives[-1][1] = True
        self.process.send_signal(number_of_signal)
        self.process.wait(30 * SLOW)
        self.settle()

    def settle(self):
        self.read()
        self.out.close()
        self.errors = self.process.stderr.read()
        self.process.stderr.close()
        self.world.processes.remove(self.process)
        self.process = None

    def keep_going(self):
        if self.process.poll() is not None:
            self.settle()
            self.start()
        self.read()

    def history(self):
        return [json.loads(line) for line in self.world.sims(self.name, None, "history", self.peer.name, "--json").splitlines()]


class Account:
    """The end of a run; `wrong` lists its faults in words."""

    def __init__(self):
        self.counts, self.wrong = Counter(), []

    def direction(self, sender, receiver, count):
        sent = [m for m in sender.history() if m["mine"]]
        there = [m for m in receiver.history() if not m["mine"]]
        self.counts["said"] += count
        self.expect([number(m["body"]) for m in sent] == list(range(1, count + 1)), f"{sender.name} lost what it typed")
        for message in sent:
            self.counts[{"queued": "waiting", "sent": "waiting"}.get(message["delivery"], message["delivery"])] += 1
        numbers, uids = [number(m["body"]) for m in there], Counter(m["uid"] for m in there)
        self.expect(numbers == sorted(numbers), f"out of order at {receiver.name}")
        self.expect(len(numbers) == len(set(numbers)) and all(n == 1 for n in uids.values()), f"twice at {receiver.name}")
        for message in sent:
            if message["delivery"] == "delivered":
                self.expect(message["uid"] in uids, f"{message['body']} is marked delivered, but is not there")
        self.shown(receiver, max(numbers, default=0))

    def shown(self, receiver, last):
        """Checks that the printed texts come once and in order. After a kill, the next program may print again texts that the
        killed one had not marked as printed on disk."""
        reached, was_killed = 0, False
        for numbers, killed in receiver.lives:
            for n in numbers:
                if n <= reached and was_killed and n == numbers[0]:
                    self.counts["shown again after a kill"] += reached - n + 1
                    reached = n - 1
                self.expect(n == reached + 1, f"{receiver.name} was shown {n} after {reached}")
                reached = n
            was_killed = killed if numbers else was_killed or killed
        self.expect(reached == last, f"{receiver.name} was shown {reached}, on disk are {last}")

    def expect(self, condition, words):
        if not condition:
            self.wrong.append(words)


class Exchange:
    def __init__(self, world, pairs, count, seed):
        self.world, self.count, self.config = world, count, world.config()
        self.rng = random.Random(seed)
        self.server = world.server(*self.config)
        self.proxy = subprocess.Popen([sys.executable, PROXY, str(self.server.port), str(seed)], stdout=subprocess.PIPE, text=True)
        world.processes.append(self.proxy)
        address = "127.0.0.1:" + self.proxy.stdout.readline().strip()
        self.clients = []
        for i in range(pairs):
            a, b = Client(world, address, f"a{i}", None), Client(world, address, f"b{i}", None)
            a.peer, b.peer = b, a
            self.clients += [a, b]
        for client in self.clients:
            self.type(client)
        self.kills = self.restarts = 0

    def type(self, client):
        done = subprocess.run([BUILD / "tests/stress/queue", self.world.path / client.name, client.address, self.server.id,
                               client.name, client.peer.name, client.peer.id, str(self.count)], capture_output=True, text=True,
                              env=self.world.env)
        check(done.returncode == 0, done.stderr)

    def kill_one(self):
        client = self.rng.choice(self.clients)
        if client.process.poll() is None:
            client.end(signal.SIGKILL)
            client.start()
            self.kills += 1

    def restart_server(self):
        self.server.stop(signal.SIGKILL)
        self.server = self.world.server(*self.config, listen=self.server.address)
        self.restarts += 1

    def progress(self):
        for client in self.clients:
            client.keep_going()
        return sum(client.printed for client in self.clients) / (self.count * len(self.clients))

    def run(self, kills, restarts, seconds):
        """Makes this many kills and server restarts, spread over the run; then the network calms down."""
        planned = sorted((self.rng.uniform(0.05, 0.9), what) for what in ["kill"] * kills + ["restart"] * restarts)
        for client in self.clients:
            client.start()
        end, calm = time.monotonic() + seconds, False
        waiting = list(self.clients)
        while waiting:
            done = self.progress()
            while planned and planned[0][0] <= done:
                self.kill_one() if planned.pop(0)[1] == "kill" else self.restart_server()
            if not calm and done > 0.95:
                calm = True
                self.proxy.send_signal(signal.SIGUSR1)
            if done == 1:
                waiting = [c for c in waiting if any(m["mine"] and m["delivery"] != "delivered" for m in c.history())]
            if time.monotonic() > end:
                break  # texts that still wait are counted as waiting
            time.sleep(0.1)
        for client in self.clients:
            client.end(signal.SIGTERM)
        return self.judge()

    def judge(self):
        account = Account()
        for client in self.clients:
            account.direction(client, client.peer, self.count)
        self.proxy.send_signal(signal.SIGTERM)
        self.faults = json.loads(self.proxy.stdout.readline())
        return account
