"""Senders and owners of letters (tests/interop/simspy) who keep account of what a simsd promised, while it is killed. For
test_mail_kills.py and tests/stress/part_mail.py.

An acked letter is on the relay's disk. An owner's ack strikes letters off. So after any number of kills:
  - at a login, `taken` counts the letters that this owner acked, except for acks that may not have arrived;
  - first come the letters that it was given and that are not struck off, in the same order;
  - each sender's letters come in the order of writing, without a gap;
  - a letter comes at most as many times, each in a place of its own, as it was put: a sender whose ack was lost puts it again,
    and only while it waits does the relay know that it has it.
"""

import random
import select
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path

from harness import DEADLINE, MANY_FROM_ONE_ADDRESS, Failure, check, until

sys.path.append(str(Path(__file__).resolve().parents[1] / "interop"))
import simspy as s  # noqa: E402

LOST = (s.Closed, s.Late, s.RemoteError, OSError)  # how a connection ends that was killed
MOST_WAITING = 12  # letters of one sender without an ack
LIMITS = MANY_FROM_ONE_ADDRESS | {
    "mail-letters": 100_000, "mail-letters-per-sender": 100_000, "mail-letters-of-newcomer": 100_000, "mail-bytes": 1 << 30,
    "mail-bytes-per-sender": 1 << 30, "prekey-uploads": 1_000_000, "prekey-requests": 1_000_000, "prekey-requests-burst": 1_000_000}


class Letter:
    def __init__(self, sender, number, raw):
        self.sender, self.number, self.raw = sender, number, raw
        self.puts = self.items = 0  # how often it was sent to the relay; how many places it had in the owner's mailbox
        self.acked = False


class Peer:
    """A client that logs in again after its connection was lost."""

    def __init__(self, relay, name):
        self.relay, self.name, self.me, self.c = relay, name, s.Identity(), None

    def login(self):
        """Whether it is online."""
        if self.c is None:
            try:
                self.c = s.Client(self.relay.address, self.name, self.me, suites=[s.ECDHE], server=self.relay.id)
            except LOST:
                return False
            self.c.auto_ack = False
            self.online()
        return self.c is not None

    def online(self):
        """After each login."""

    def drop(self):
        if self.c is not None:
            self.c.close()
            self.c = None

    def pump(self):
        try:
            self.c.pump(DEADLINE)
            self.came()
        except LOST:
            self.drop()


class Sender(Peer):
    """Puts letters to the owners by turns, and those without an ack once more after each login, unchanged."""

    def __init__(self, relay, name, owners):
        super().__init__(relay, name)
        self.owners, self.sessions, self.written = owners, {}, {o.me.id: [] for o in owners}
        self.waiting = deque()  # [seq of this connection, letter]
        self.stopped, self.wait_until, self.acked = False, 0, 0

    def letter(self, owner):
        session = self.sessions.get(owner.me.id)
        if session is None or session.sent == 100:
            session = self.sessions[owner.me.id] = s.MailSession(self.me, owner.me.id, s.Prekey(s.Identity()).public)
        written = self.written[owner.me.id]
        letter = Letter(self, len(written), session.text(f"{self.name} #{len(written)}"))
        written.append(letter)
        owner.by_raw[letter.raw] = letter
        return letter

    def put(self, letter):
        letter.puts += 1
        return self.c.send(letter.raw)

    def online(self):
        try:
            for entry in self.waiting:
                entry[0] = self.put(entry[1])
        except LOST:
            self.drop()

    def work(self, rng):
        """Writes some letters; does nothing while enough wait."""
        if time.monotonic() < self.wait_until or self.stopped:
            return
        if self.c is None and rng.random() < 0.8:  # so that an owner may take letters that we will put again
            return
        if not self.login():
            return
        try:
            for _ in range(rng.randrange(1, MOST_WAITING + 1 - len(self.waiting)) if len(self.waiting) < MOST_WAITING else 0):
                letter = self.letter(rng.choice(self.owners))
                self.waiting.append([None, letter])  # before it is sent: half of it may arrive
                self.waiting[-1][0] = self.put(letter)
        except LOST:
            self.drop()

    def came(self):
        for sub in self.c.inbox:
            busy = sub["type"] == "error" and sub["code"] == "busy"
            check(busy or sub["type"] in ("prekeys", "list"), f"{self.name} was sent {sub}")
            if busy:  # not stored in time: again from this one on, later than the relay refuses what follows
                self.relay.busy += 1
                self.wait_until = time.monotonic() + 1
                self.drop()
                return
        self.c.inbox.clear()
        while self.waiting and self.waiting[0][0] is not None and self.waiting[0][0] <= self.c.acked:
            letter = self.waiting.popleft()[1]
            letter.acked = True
            self.acked += 1


class Owner(Peer):
    """Takes letters, and compares each with what must come. `has`: given, not known to be struck off."""

    def __init__(self, relay, name):
        super().__init__(relay, name)
        self.by_raw, self.next = {}, Counter()
        self.has, self.acked, self.taken = deque(), 0, 0  # of `has`, the first `acked` ones were acked
        self.seqs, self.told = [], None
        self.again = self.struck = 0

    def online(self):
        """`seqs`: of what was given on this connection; its length is the place in `has` of what comes next."""
        self.seqs, self.told = [], None

    def strike(self, taken):
        """The relay says how many it has struck off in all."""
        fresh = taken - self.taken
        check(0 <= fresh <= self.acked, f"{self.name}: {taken} taken, {self.taken} were, and {self.acked} more were acked")
        for _ in range(fresh):
            self.has.popleft()
        self.taken, self.acked = taken, self.acked - fresh
        self.struck += fresh
        return fresh

    def came(self):
        for sub in self.c.inbox:
            check(sub["type"] in ("prekeys", "list"), f"{self.name} was sent {sub}")
            if sub["type"] == "prekeys":
                if self.told is None:  # after the login: what is acked and still here was not struck off
                    self.strike(sub["taken"])
                    self.acked = 0
                    wait = sub["waiting"]
                    check(wait >= len(self.has), f"{self.name}: {wait} wait, at least {len(self.has)} were given")
                elif fresh := self.strike(sub["taken"]):
                    del self.seqs[:fresh]
                self.told = sub
        self.c.inbox.clear()
        for item in self.c.mail:
            check(self.told is not None, f"{self.name} was given a letter before the count")
            self.given(item)
        self.c.mail.clear()

    def given(self, item):
        letter = self.by_raw.get(item.raw)
        check(letter is not None, f"{self.name} was given what nobody wrote")
        if len(self.seqs) < len(self.has):
            expected = self.has[len(self.seqs)]
            check(letter is expected, f"{self.name} was given {letter.sender.name} #{letter.number}, not again "
                                      f"{expected.sender.name} #{expected.number}")
        else:
            letter.items += 1
            if letter.items > 1:
                check(letter.items <= letter.puts, f"{letter.sender.name} #{letter.number} came {letter.items} times, "
                                                   f"and was put {letter.puts} times")
                self.again += 1
            else:
                expected = self.next[letter.sender]
                check(letter.number == expected, f"{self.name} was given {letter.sender.name} #{letter.number}, and "
                                                 f"#{expected} never")
                self.next[letter.sender] += 1
            self.has.append(letter)
        self.seqs.append(item.seq)

    def ack(self, count):
        """Acks of what came on this connection so many that no ack covered yet."""
        count = min(count, len(self.seqs) - self.acked)
        if count <= 0:
            return
        self.acked += count
        try:
            self.c.ack(self.seqs[self.acked - 1])
        except LOST:
            self.drop()

    def ask(self):
        """The answer says what was struck off by then."""
        try:
            self.c.send({"type": "prekeys", "data": []})
        except LOST:
            self.drop()


class Relay:
    """A simsd that dies and starts again at the same address; on a Disk, the power fails then."""

    def __init__(self, world, disk=None):
        self.world, self.disk, self.busy, self.deaths = world, disk, 0, 0
        self.config = world.config(limits=LIMITS, suites=["ecdhe"])
        self.state = str(disk.folder / "state") if disk else f"state-{world.next_number()}"
        self.server, self.killer, self.dies = None, None, 0
        self.start()

    def start(self, dies=0):
        """With `dies` it dies before that many changes of the disk, also if it is not ready by then."""
        options = self.config + (("--no-confine",) if self.disk else ())
        listen = self.server.address if self.server else "127.0.0.1:0"
        while True:
            before = ["env", *(f"{k}={v}" for k, v in self.disk.env(dies).items())] if self.disk else ()
            try:
                self.server = self.world.server(*options, state=self.state, listen=listen, before=before)
                break
            except Failure as failure:
                check(dies and "ended with -9" in str(failure), str(failure))
            self.died()
            dies = 0
        self.dies = dies
        self.id, host_port = self.server.id, self.server.address.rsplit(":", 1)
        self.address = host_port[0], int(host_port[1])

    def alive(self):
        return self.server.process.poll() is None

    def kill_in(self, seconds):
        """Kills it at that time, whatever this thread does then."""
        self.killer = threading.Timer(seconds, self.server.process.kill)
        self.killer.start()

    def bounce_in(self, seconds):
        """It is killed at that time and starts again; the result is for another thread."""
        time.sleep(seconds)
        self.server.process.kill()
        self.server.process.wait(DEADLINE)
        self.died()
        self.start()

    def died(self):
        if self.killer:
            self.killer.join()
            self.killer = None
        self.deaths += 1
        if self.disk:
            self.disk.cut()


class Mail:
    """Some senders, some owners, one relay; all in this thread."""

    def __init__(self, relay, senders, owners, seed):
        self.relay, self.rng = relay, random.Random(seed)
        self.owners = [Owner(relay, f"owner-{n}") for n in range(owners)]
        for owner in self.owners:  # they register
            until(owner.login, bool, f"login of {owner.name}")
        self.senders = [Sender(relay, f"sender-{n}", self.owners) for n in range(senders)]

    def acked(self):
        return sum(sender.acked for sender in self.senders)

    def turn(self, seconds=0.05):
        """Handles what came, waiting a moment for something."""
        online = {p.c.wire.sock: p for p in self.senders + self.owners if p.c is not None}
        ready = select.select(list(online), [], [], seconds)[0] if online else time.sleep(seconds) or []
        for sock in ready:
            peer = online[sock]
            if peer.c is not None:
                peer.pump()

    def owners_work(self):
        for owner in self.owners:
            chance = self.rng.random()
            if owner.c is None:
                if chance < 0.5:
                    owner.login()
            elif chance < 0.02:
                owner.drop()  # with letters and acks under way
            elif chance < 0.5:
                owner.ack(self.rng.randrange(1, 80))
            elif chance < 0.6:
                owner.ask()

    def round(self, at_most=None):
        """Letters come and go until simsd dies: by itself, or at some moment after up to so many more were acked."""
        end = time.monotonic() + DEADLINE
        wanted = None if at_most is None else self.acked() + self.rng.randrange(at_most)
        while self.relay.alive():
            for sender in self.senders:
                sender.work(self.rng)
            self.owners_work()
            self.turn()
            if wanted is not None and self.acked() >= wanted:
                self.relay.kill_in(self.rng.uniform(0, 0.03))
                wanted = None
            check(time.monotonic() < end, "simsd did not die")
        self.relay.died()
        for peer in self.senders + self.owners:  # what still lies in the sockets counts
            while peer.c is not None:
                peer.pump()

    def settle(self):
        """Without kills: all that was written is acked, all that was acked is taken. Fails at what is lost."""
        def acked():
            for sender in self.senders:
                sender.stopped = True
                sender.login()
            self.turn()
            return not any(sender.waiting for sender in self.senders)

        def taken():
            for owner in self.owners:
                if owner.login():
                    owner.ack(1000)
                    owner.ask()
            self.turn()
            return all(o.told and o.told["waiting"] == 0 for o in self.owners)
        until(acked, bool, "acks of all letters", 3 * DEADLINE)
        until(taken, bool, "end of the mailboxes", 3 * DEADLINE)
        for owner in self.owners:
            for sender in self.senders:
                lost = [x.number for x in sender.written[owner.me.id] if x.acked and not x.items]
                check(not lost, f"{owner.name} never got {lost} of {sender.name}")
            check(not owner.has, f"nothing waits for {owner.name}, and {len(owner.has)} letters were not struck off")


def kill_relay(relay, kills, senders=20, owners=3, at_most=400, seed=1):
    """Kills simsd so many times; returns the account."""
    began = time.monotonic()
    mail = Mail(relay, senders, owners, seed)
    mail.round(at_most)
    while relay.deaths < kills:
        dies = mail.rng.randrange(1, 600) if relay.disk and mail.rng.random() < 0.5 else 0
        relay.start(dies)
        mail.round(None if relay.dies else at_most)
    relay.start()
    mail.settle()
    for peer in mail.senders + mail.owners:
        peer.drop()
    return {"kills": relay.deaths, "letters": mail.acked(), "struck off": sum(o.struck for o in mail.owners),
            "put again": sum(x.puts - 1 for w in mail.senders for to in w.written.values() for x in to),
            "came again": sum(o.again for o in mail.owners), "busy": relay.busy, "seconds": round(time.monotonic() - began, 1)}
