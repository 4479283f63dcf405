"""A relay for attacks on clients: the server's side of sims-protocol(7), with hooks that drop, delay, alter and forge.

It runs in its own thread. `on_sub(relay, conn, sub, raw)` sees each sub-message of a logged-in client. It returns True if it has
handled it; otherwise the relay handles it as an honest one."""

import heapq
import itertools
import os
import select
import socket
import threading
import time

import simspy as s


class OneKey(s.Draws):
    """Uses one RSA key for all connections, since making one takes a second."""

    key = None

    def rsa(self):
        OneKey.key = OneKey.key or super().rsa()
        return OneKey.key


class Conn:
    def __init__(self, relay, sock):
        self.relay, self.sock, self.buffer, self.out_buffer = relay, sock, b"", bytearray()
        self.hs = s.Handshake("client-server", False, relay.me, "relay", (s.ECDHE, s.RSA), draws=relay.draws, hook=relay.hook)
        self.up, self.id, self.name, self.gone = False, None, None, False
        self.listed = False  # has got the last page of the list

    def send(self, sub):
        self.write(self.out.seal(sub if isinstance(sub, bytes) else s.dump(sub)))

    def write(self, line):
        self.out_buffer += line + b"\n"


class Relay:
    def __init__(self, port=0, me=None, hook=None, on_sub=None, on_login=None, draws=None):
        self.draws = draws or OneKey()
        self.me, self.hook, self.on_sub, self.on_login = me or s.Identity(), hook, on_sub, on_login
        self.on_accept = None
        self.extra = []  # entries of the list for clients that are not connected
        self.conns, self.people, self.timers, self.order = [], {}, [], itertools.count()
        self.faults = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.address = "127.0.0.1:%d" % self.port
        self.wake, self.waker = os.pipe()
        self.jobs, self.ended = [], False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self):
        self.ended = True
        os.write(self.waker, b"x")
        self.thread.join(10)
        for c in self.conns:
            c.sock.close()
        self.listener.close()
        os.close(self.wake)
        os.close(self.waker)

    def call(self, job):
        """Runs job() soon, on the relay's thread."""
        self.jobs.append(job)
        os.write(self.waker, b"x")

    def after(self, seconds, job):
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), job))

    def forward(self, dst, raw):
        if dst in self.people:
            self.people[dst].send(raw)

    def entry(self, c, status="online"):
        return {"name": c.name, "id": c.id, "status": status, "since": int(time.time())}

    # --- the loop

    def _run(self):
        while not self.ended:
            writers = [c.sock for c in self.conns if c.out_buffer]
            due = max(self.timers[0][0] - time.monotonic(), 0) if self.timers else 5
            ready, writable, _ = select.select([self.listener, self.wake] + [c.sock for c in self.conns], writers, [], due)
            if self.wake in ready:
                os.read(self.wake, 4096)
                jobs, self.jobs = self.jobs, []
                for job in jobs:
                    job()
            now = time.monotonic()
            while self.timers and self.timers[0][0] <= now:
                heapq.heappop(self.timers)[2]()
            if self.listener in ready:
                sock, _ = self.listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                c = Conn(self, sock)
                self.conns.append(c)
                if self.on_accept:
                    self.on_accept(self, c)
            for c in list(self.conns):
                if c.sock in ready:
                    self._read(c)
                if c.out_buffer and not c.gone:
                    self._flush(c)
                if c.gone:
                    self._left(c)

    def _flush(self, c):
        try:
            n = c.sock.send(c.out_buffer)
            del c.out_buffer[:n]
        except BlockingIOError:
            pass
        except OSError:
            c.gone = True

    def _left(self, c):
        self.conns.remove(c)
        c.sock.close()
        if self.people.get(c.id) is c:
            del self.people[c.id]
            for other in self.people.values():
                other.send({"type": "list", "event": "offline", "data": [self.entry(c, "offline")]})

    def _read(self, c):
        try:
            raw = c.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            raw = b""
        if not raw:
            c.gone = True
            return
        *lines, c.buffer = (c.buffer + raw).split(b"\n")
        last = None
        for line in lines:
            if not line:
                continue
            try:
                if not c.up:
                    self._handshake(c, line)
                    continue
                plain = c.in_.open(line)
                sub = s.parse(plain)
                if sub["type"] != "ack" or "dst" in sub:
                    last = c.in_.seq - 1
                if not (self.on_sub and self.on_sub(self, c, sub, plain)):
                    self.serve(c, sub, plain)
            except (s.Fault, s.RemoteError) as e:
                self.faults.append((c.name, repr(e)))
                c.gone = True
                return
        if last is not None:
            c.send({"type": "ack", "name": "relay", "id": last})

    def _handshake(self, c, line):
        out = c.hs.feed(line)
        if out:
            c.write(out)
        if not c.hs.done:
            return
        c.up, c.id, c.name = True, c.hs.peer, c.hs.peer_name
        c.in_ = s.Direction(c.hs.k, "SIMS/1 client to server")
        c.out = s.Direction(c.hs.k, "SIMS/1 server to client")
        old = self.people.get(c.id)
        if old:
            old.gone = True
        for other in self.people.values():
            if other is not c and other.id != c.id:
                other.send({"type": "list", "event": "online", "data": [self.entry(c)]})
        self.people[c.id] = c
        if self.on_login:
            self.on_login(self, c)

    def serve(self, c, sub, plain):
        kind = sub["type"]
        if kind == "list":
            self._list(c, sub)
        elif kind == "find":
            known = [self.entry(x) for x in self.people.values()] + self.extra
            hits = [x for x in known if sub.get("name") == x["name"] or sub.get("id") == x["id"]]
            if hits:
                c.send({"type": "find", "name": hits[0]["name"], "id": hits[0]["id"], "status": hits[0]["status"]})
            else:
                c.send({"type": "error", "code": "unknown-peer", "message": "no such name", "id": c.in_.seq - 1,
                        **({"name": sub["name"]} if "name" in sub else {"dst": sub["id"]})})
        elif kind == "disconnect":
            c.gone = True
        elif "dst" in sub:
            if sub["dst"] in self.people:
                self.forward(sub["dst"], plain)
            else:
                c.send({"type": "error", "code": "not-connected", "message": "not here", "id": c.in_.seq - 1, "dst": sub["dst"]})

    def _list(self, c, sub):
        known = sorted([self.entry(x) for x in self.people.values()] + self.extra, key=lambda x: x["id"])
        known = [x for x in known if x["id"] > sub.get("after", "") and x["name"].startswith(sub.get("match", ""))]
        page = known[: sub.get("limit", 300)]
        c.send({"type": "list", "event": "snapshot", "data": page, "more": len(known) > len(page)})
        c.listed = len(known) == len(page)
