"""Real `sims` programs that are killed while they take or write letters. For test_mail_kills.py and tests/stress/part_mail.py.

The owner: senders (mail_kills.py) write to a `sims listen` that dies again and again. In the end each letter is in its history
once, in order, and receipted. The lines that all its lives printed are each sender's texts in order; only those may be missing
that were stored in the moment of a kill.
The writer: `sims send` or `sims pipe` dies while its peer is away. A text that it announced as mailed is in the peer's
history once, in order, and proved delivered in the end. None is there twice.
"""

import json
import random
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import mail_kills
from harness import BUILD, DEADLINE, Failure, check, until
from mail_kills import MOST_WAITING, s

NO_SERVER, NO_PEER, MAILED = 3, 6, 10  # sims(1), EXIT STATUS
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Program:
    """One user's `sims`, on a Disk if there is one. It dies by our signal, or by the Disk at one of its changes."""

    def __init__(self, world, relay, name, disk=None):
        self.world, self.relay, self.name, self.disk, self.deaths = world, relay, name, disk, 0
        self.home = (disk.folder if disk else world.path) / f"{name}-{world.next_number()}"  # with the state folder
        disk.make_folder(self.home.name) if disk else self.home.mkdir(mode=0o700)
        self.process = None

    def command(self, *words):
        return [str(BUILD / "sims"), "--home", str(self.home / "sims"), "--server", self.relay.server.address,
                "--name", self.name, "--accept-new", *map(str, words)]

    def env(self, dies=0):
        return self.world.env | {"HOME": str(self.home)} | (self.disk.env(dies) if self.disk else {})

    def start(self, *words, dies=0, **pipes):
        self.process = subprocess.Popen(self.command(*words), text=True, env=self.env(dies), start_new_session=True, **pipes)
        self.world.processes.append(self.process)

    def ended(self):
        """Takes leave of a program that has ended or will; returns its status. After a kill, the power fails."""
        status = self.process.wait(DEADLINE)
        self.world.processes.remove(self.process)
        if status == -signal.SIGKILL:
            self.deaths += 1
        if self.disk:
            self.disk.cut()
        return status

    def ask(self, *words):
        """The lines of a command that prints JSON and needs no server; none of a peer whom it does not know."""
        done = subprocess.run([*self.command(*words), "--json"], capture_output=True, text=True, timeout=DEADLINE, env=self.env(),
                              stdin=subprocess.DEVNULL)
        check(done.returncode in (0, NO_PEER), f"sims {words}: exit status {done.returncode}\n{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def moment(self, rng, most_changes, most_seconds):
        """How a life ends: (changes of the disk, 0) or (0, seconds)."""
        if self.disk and rng.random() < 0.6:
            return rng.randrange(1, most_changes), 0
        return 0, rng.uniform(0, most_seconds)


class Lines:
    """What a program prints into a file, in lives."""

    def __init__(self, path):
        self.path, self.file = path, None
        self.lives = []  # of each: [lines, whether it was killed]

    def open(self):
        self.close()
        self.lives.append([[], False])
        self.out = open(self.path, "w")
        self.file = open(self.path)
        return self.out

    def close(self):
        for file in (self.file, self.file and self.out):
            if file:
                file.close()
        self.file = None

    def read(self):
        """The number of whole lines of this life so far."""
        self.file.seek(0)
        text = self.file.read()
        self.lives[-1][0] = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return len(self.lives[-1][0])


def number(text):
    return int(text.rsplit("#", 1)[1])


def listen_until_known(program, **pipes):
    """Starts its `sims listen`; returns its id once the relay hands out its key for many sessions, the last that is published."""
    program.start("listen", "--json", **QUIET | pipes)
    watcher = mail_kills.Peer(program.relay, "watcher")
    until(watcher.login, bool, "login of the watcher")
    [who] = until(lambda: watcher.c.list(match=program.name)["data"], bool, f"{program.name} in the list")
    until(lambda: watcher.c.ask_prekey(who["id"], [s.ECDHE]), lambda p: p and p["use"] == "many", f"prekeys of {program.name}")
    watcher.drop()
    return who["id"]


# --- the owner -----------------------------------------------------------------------------------------------------------


class Writer(mail_kills.Sender):
    """A sender whose letters the owner can open; collects the receipts."""

    def __init__(self, relay, name, owner_id):
        super().__init__(relay, name, [])
        self.owner_id, self.letters, self.open_sessions, self.receipted = owner_id, [], [], Counter()
        self.by_digest = {}

    def letter(self, _):
        session = self.open_sessions[-1] if self.open_sessions else None
        if session is None or session.sent == 100:
            session = self.c.write_to(self.owner_id, [s.ECDHE])
            self.open_sessions.append(session)
        known = set(session.waiting)
        letter = mail_kills.Letter(self, len(self.letters), session.text(f"{self.name} #{len(self.letters)}"))
        [digest] = set(session.waiting) - known
        self.by_digest[digest] = session, letter
        self.letters.append(letter)
        return letter

    def work(self, rng):
        self.owners = [None]
        super().work(rng)

    def came(self):
        for item in self.c.mail:
            check(item.obj["type"] == "client-receipt" and "unopened" not in item.obj, f"{self.name} was sent {item.obj}")
            digest = s.unb64(item.obj["data"])
            session, letter = self.by_digest[digest]
            if digest in session.waiting:
                session.feed(item.obj)
            self.receipted[letter.number] += 1
        if self.c.mail:
            self.c.ack(self.c.mail[-1].seq)
            self.c.mail.clear()
        super().came()


def judge_owner(owner, writers, lines):
    """Fails at a letter that is missing, twice, out of order or without receipt; returns how many were printed again, and
    how many never, since the program died between commit and print."""
    again = never = 0
    for writer in writers:
        wanted = list(range(len(writer.letters)))
        there = [number(m["body"]) for m in owner.ask("history", writer.name) if not m["mine"]]
        check(there == wanted, f"history of {writer.name}: {odd(there, wanted)}")
        without = [n for n in wanted if not writer.receipted[n]]
        check(not without, f"no receipts for {without} of {writer.name}")
        reached, killed = -1, False
        for rows, was_killed in lines.lives:
            shown = [number(m["body"]) for m in rows if m["from"] == writer.name]
            if shown and killed:
                again += max(0, reached + 1 - shown[0])
                never += max(0, shown[0] - reached - 1)
                reached = shown[0] - 1
            check(shown == list(range(reached + 1, reached + 1 + len(shown))), f"{writer.name}: printed {shown} after {reached}")
            reached, killed = max([reached, *shown]), was_killed or (killed and not shown)
        check(reached == wanted[-1] or killed, f"{writer.name}: {reached} was printed last, not {wanted[-1]}")
    return again, never


def odd(there, wanted):
    counts = Counter(there)
    return (f"missing {sorted(set(wanted) - set(there))}, twice {[n for n, c in counts.items() if c > 1]}, "
            f"{'in order' if there == sorted(there) else 'out of order'}")


def kill_owner(world, kills, disk=None, writers=5, relay_kills=0, relay_disk=None, seed=1, seconds=2 * DEADLINE):
    """Kills a `sims listen` so many times, and beside it the relay; returns the account. `seconds`: until all are receipted."""
    began, rng, relay = time.monotonic(), random.Random(seed), mail_kills.Relay(world, relay_disk)
    owner = Program(world, relay, "owner", disk)
    lines = Lines(world.path / f"printed-{world.next_number()}.jsonl")

    def listen(dies):
        owner.start("listen", "--json", dies=dies, **QUIET | {"stdout": lines.open()})
    owner_id = listen_until_known(owner, stdout=lines.open())
    crowd = [Writer(relay, f"writer-{n}", owner_id) for n in range(writers)]
    mail = mail_kills.Mail(relay, 0, 0, seed)
    mail.senders = crowd
    cuts = sorted(rng.randrange(kills) for _ in range(relay_kills))

    def turn():
        for writer in crowd:
            if rng.random() < 0.3 and len(writer.waiting) < MOST_WAITING:
                writer.work(rng)
            else:
                writer.login()
        mail.turn()

    def live(most):
        """Until the owner dies by itself, or so many seconds."""
        end = time.monotonic() + (most or DEADLINE)
        while owner.process.poll() is None and time.monotonic() < end:
            turn()
        if owner.process.poll() is None:
            owner.process.kill()

    most = rng.uniform(0.3, 1)
    while True:
        live(most)
        lines.read()
        status = owner.ended()
        check(status == -signal.SIGKILL, f"sims listen ended with {status}")
        lines.lives[-1][1] = True
        if owner.deaths >= kills:
            break
        if cuts and cuts[0] <= owner.deaths:
            cuts.pop(0)
            relay.server.process.kill()
            relay.server.process.wait()
            relay.died()
            relay.start()
        dies, most = owner.moment(rng, 400, 1)
        listen(dies)
    listen(0)
    for writer in crowd:
        until(lambda w=writer: w.login() and (w.letters or w.work(rng)), bool, f"letter of {writer.name}")
        writer.stopped = True

    def receipted():
        turn()
        return sum(len(w.receipted) for w in crowd), sum(len(w.letters) for w in crowd)
    letters = until(receipted, lambda counts: counts[0] == counts[1], "receipts of all letters", seconds)[1]
    world.await_online(relay.server, owner.name, by="looker")  # before that SIGTERM kills it
    owner.process.terminate()
    check(owner.process.wait(DEADLINE) == 0, f"sims listen ended with {owner.process.returncode}")
    lines.read()
    again, never = judge_owner(owner, crowd, lines)
    printed = sum(len(rows) for rows, _ in lines.lives)
    lines.close()
    for writer in crowd:
        writer.drop()
    return {"kills": owner.deaths, "relay kills": relay.deaths, "letters": letters, "printed": printed,
            "printed again": again, "never printed": never, "receipts": sum(sum(w.receipted.values()) for w in crowd),
            "seconds": round(time.monotonic() - began, 1)}


# --- the writer ----------------------------------------------------------------------------------------------------------


def meet(writer, reader):
    """The reader, who listens, gets #0 at once. A stranger could leave only 20 letters (sims-protocol(7) section 8)."""
    writer.start("send", "--timeout", DEADLINE, reader.name, "#0", **QUIET | {"stderr": subprocess.PIPE})
    errors = writer.process.stderr.read()
    writer.process.stderr.close()
    status = writer.ended()
    check(status == 0, f"sims send to {reader.name}, who listens: exit status {status}\n{errors}")


class Sends:
    """Lives of `sims send`, one text each."""
    most_changes = 400  # of the disk, before one of which it may die
    between = 50  # texts, from one time when the reader is there to the next

    def __init__(self, writer):
        self.writer, self.count, self.announced = writer, 1, [0]  # meet()
        self.typical = 0.3  # seconds of a whole life

    def life(self, _, dies, part):
        began, n = time.monotonic(), self.count
        self.count += 1
        self.writer.start("send", "--timeout", 2 * DEADLINE, "reader", f"#{n}", dies=dies, **QUIET | {"stderr": subprocess.PIPE})
        try:
            self.writer.process.wait(part * 1.5 * self.typical if part else DEADLINE)
            if not dies:
                self.typical = time.monotonic() - began
        except subprocess.TimeoutExpired:
            self.typical *= 1.1
            self.writer.process.kill()
        errors = self.writer.process.stderr.read()
        self.writer.process.stderr.close()
        status = self.writer.ended()
        check(status in (MAILED, NO_SERVER, -signal.SIGKILL), f"sims send: exit status {status}\n{errors}")
        if status == MAILED:
            self.announced.append(n)


class Pipe:
    """Lives of `sims pipe`, many texts each."""
    most_changes = 800
    between = 300

    def __init__(self, writer):
        self.writer, self.count, self.announced = writer, 1, [0]  # meet()

    def life(self, rng, dies, part):
        self.writer.start("pipe", "--json", dies=dies, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process, first = self.writer.process, self.count
        wanted = 60 if dies else rng.randrange(1, 25)
        try:
            for n in range(first, first + wanted):
                process.stdin.write(json.dumps({"do": "send", "id": n, "to": "reader", "body": f"#{n}"}) + "\n")
            self.count += wanted
            process.stdin.flush()
        except BrokenPipeError:
            self.count = first + wanted
        left = max(1, round(part * wanted)) if part else wanted
        for line in process.stdout:
            answer = json.loads(line) if line.endswith("\n") else {}
            if answer.get("id") is None:
                continue
            check(answer.get("ok") and answer["delivery"] in ("mailed", "delivered"), f"sims pipe: {answer}")
            self.announced.append(answer["id"])
            left -= 1
            if left == 0:
                process.kill()
        for pipe in (process.stdout, process.stdin):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
        status = self.writer.ended()
        check(status in (NO_SERVER, -signal.SIGKILL), f"sims pipe: exit status {status}")


def kill_writer(world, kills, lives, disk=None, relay_kills=0, relay_disk=None, seed=1):
    """Kills `sims send` or `sims pipe` (lives: Sends or Pipe) so many times while its peer is away, and in part of their lives
    simsd meanwhile; returns the account."""
    began, rng, relay = time.monotonic(), random.Random(seed), mail_kills.Relay(world, relay_disk)
    reader, writer = Program(world, relay, "reader"), Program(world, relay, "writer", disk)
    remarks = open(world.path / f"remarks-{world.next_number()}", "w+")

    def listen(program):
        program.start("listen", "--json", **QUIET | {"stderr": remarks})

    def leave(program):
        program.process.terminate()
        check(program.ended() == 0, f"sims listen of {program.name}: exit status {program.process.returncode}")
    listen_until_known(reader)
    meet(writer, reader)
    leave(reader)
    works, taken = lives(writer), 0
    while writer.deaths < kills or len(works.announced) < 2:  # the first is of meet(), whose reader was there
        dies, part = writer.moment(rng, works.most_changes, 1)
        with ThreadPoolExecutor(1) as pool:
            bounced = pool.submit(relay.bounce_in, rng.uniform(0, 0.5)) if rng.random() < relay_kills / kills else None
            works.life(rng, dies, part)
            if bounced:
                bounced.result()
        if works.count - taken >= works.between:  # receipts make room: a client keeps 1,000 unproved texts to a peer
            taken = works.count
            listen(reader)
            until(lambda: [number(m["body"]) for m in reader.ask("history", "writer")],
                  lambda there: works.announced[-1] in there, "texts at the reader")
            leave(reader)
    # "mailed" itself may not be on the disk yet: then the same letter is put once more.
    mine = {number(m["body"]): m["delivery"] for m in writer.ask("history", "reader")}
    forgotten = [(n, mine.get(n)) for n in works.announced if mine.get(n) not in ("queued", "mailed", "delivered")]
    check(not forgotten, f"announced as mailed, but in the history {forgotten}")
    listen(reader)
    listen(writer)

    def unproved():
        rows = {number(m["body"]): m["delivery"] for m in writer.ask("history", "reader")}
        return {n: how for n, how in rows.items() if how in ("queued", "sent", "mailed")}
    try:  # a text that could not be opened goes again after a minute
        until(unproved, lambda rows: not rows, "proof of all that was mailed", 3 * DEADLINE)
    except Failure:
        remarks.seek(0)
        print(remarks.read()[-4000:])
        raise
    ends = {number(m["body"]): m["delivery"] for m in writer.ask("history", "reader")}
    leave(writer)
    leave(reader)
    there = [number(m["body"]) for m in reader.ask("history", "writer") if not m["mine"]]
    delivered = sorted(n for n, how in ends.items() if how == "delivered")
    check(sorted(there) == sorted(set(there)), f"twice: {odd(there, there)}")
    check(set(works.announced) <= set(delivered), f"mailed {set(works.announced) - set(delivered)} were not delivered")
    check(set(delivered) <= set(there), f"delivered {set(delivered) - set(there)} are not there")
    check(set(there) <= set(ends), f"{set(there) - set(ends)} are there, and not in the writer's history")
    check(there == sorted(there), f"out of order: {there}")
    remarks.close()
    return {"kills": writer.deaths, "relay kills": relay.deaths, "texts": works.count, "announced": len(works.announced),
            "there": len(there), "proved": len(delivered), "seconds": round(time.monotonic() - began, 1)}
