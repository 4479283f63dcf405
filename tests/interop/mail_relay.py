"""A relay for attacks on the mail of clients: mailboxes and prekeys in memory (section 8 of sims-protocol(7)).

It is honest by itself. Tests replace `hand_out` and `deliver`, or change `boxes` and `shelves` with do()."""

import threading

import simspy as s
from relay import Relay


class Box:
    """What the relay has for one owner."""

    def __init__(self):
        self.items, self.given = [], []  # bytes that wait; (seq, bytes) that the present connection was given
        self.prekeys, self.handed_out, self.last, self.taken = [], set(), "", 0


class MailRelay(Relay):
    def __init__(self, **more):
        self.boxes, self.names = {}, {}
        self.log = []  # (name of the sender, sub-message) of all mail and prekeys that clients sent
        self.hand_out = lambda asker, owner, prekey: prekey
        self.deliver = lambda sender, owner, raw: [raw]  # what is put into the owner's box
        super().__init__(on_login=MailRelay.logged_in, **more)

    def do(self, job):
        """Runs job() on the relay's thread; returns its value."""
        done, out = threading.Event(), []
        self.call(lambda: (out.append(job()), done.set()))
        if not done.wait(30):
            raise s.Late("the relay's thread")
        return out[0]

    def box(self, ident):
        return self.boxes.setdefault(ident, Box())

    def logged_in(self, c):
        self.names[c.id] = c.name
        box = self.box(c.id)
        box.given = []
        self.status(c)
        self.give(c, box)

    def status(self, c):
        box = self.box(c.id)
        left = [{"suite": suite, "once": sum(p["suite"] == suite and p["use"] == "once" for p in box.prekeys),
                 "many": any(p["suite"] == suite and p["use"] == "many" for p in box.prekeys)} for suite in (s.ECDHE, s.RSA)]
        c.send({"type": "prekeys", "data": [], "left": left, "taken": box.taken, "last": box.last, "waiting": len(box.items)})

    def give(self, c, box):
        for raw in box.items[len(box.given) : 50]:
            box.given.append((c.out.seq, raw))
            c.send(raw)

    def put(self, owner, raw):
        """Puts an item into a box; its owner is given it if it is here."""
        box = self.box(owner)
        box.items.append(raw)
        if owner in self.people:
            self.give(self.people[owner], box)

    def struck(self, c, upto):
        box = self.box(c.id)
        count = sum(seq <= upto for seq, _ in box.given)
        box.given, box.items, box.taken = box.given[count:], box.items[count:], box.taken + count
        self.give(c, box)

    def serve(self, c, sub, plain):
        kind = sub["type"]
        if kind in ("client-mail", "client-receipt", "prekeys", "prekey"):
            self.log.append((c.name, sub))
        if kind == "ack" and "dst" not in sub:
            self.struck(c, sub["id"])
        elif kind == "prekeys":
            self._published(c, sub)
        elif kind in ("prekey", "client-mail", "client-receipt") and sub["dst"] not in self.names:
            c.send({"type": "error", "code": "unknown-peer", "message": "unknown", "id": c.in_.seq - 1, "dst": sub["dst"]})
        elif kind == "prekey":
            c.send({"type": "prekey", "dst": sub["dst"], "data": self._claimed(c, sub)})
        elif kind in ("client-mail", "client-receipt"):
            for raw in self.deliver(c, sub["dst"], plain):
                self.put(sub["dst"], raw)
        elif kind == "find":
            self._found(c, sub)
        else:
            super().serve(c, sub, plain)

    def _published(self, c, sub):
        box = self.box(c.id)
        if sub.get("fresh"):
            box.prekeys = []
        for p in sub["data"]:
            if p["number"] in box.handed_out or p in box.prekeys:
                continue
            if p["use"] == "many":
                box.prekeys = [x for x in box.prekeys if (x["suite"], x["use"]) != (p["suite"], "many")]
            box.prekeys.append(p)
            box.last = p["number"]
        self.status(c)

    def _claimed(self, c, sub):
        box = self.box(sub["dst"])
        for suite in sub["ciphers"]:
            fitting = sorted((p for p in box.prekeys if p["suite"] == suite), key=lambda p: p["use"] == "many")
            if fitting:
                if fitting[0]["use"] == "once":
                    box.prekeys.remove(fitting[0])
                    box.handed_out.add(fitting[0]["number"])
                changed = self.hand_out(c, sub["dst"], fitting[0])
                return [changed] if changed else []
        return []

    def _found(self, c, sub):
        known = next(((i, n) for i, n in self.names.items() if sub.get("id", i) == i and sub.get("name", n) == n), None)
        if known is None:
            super().serve(c, sub, b"")
            return
        status = "online" if known[0] in self.people else "offline"
        c.send({"type": "find", "name": known[1], "id": known[0], "status": status})
