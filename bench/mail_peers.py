"""Other servers that keep messages for people who are away, under the load of the letters: for relay.py.

Each server runs in a temporary folder on loopback, pinned to core 0 with all its processes. Owners register and leave;
then senders write to them by turns, each with a window of messages that the server has not confirmed. What counts is
what the server confirmed: a PUBACK of MQTT, or the count of XMPP's stream management, which ejabberd's process of a
sender answers after it has stored the messages before; while PostgreSQL is stopped there must be none. In the end one
owner comes back and must get all that was confirmed, and the rows of PostgreSQL are counted.

The generator is pinned to core 1. Its share of that core is a result: well below 1, the server was the limit.
"""
import base64
import contextlib
import glob
import mmap
import os
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BATCH = 8  # messages between two questions of stream management, at first
LIMIT = 60  # s, for a server's start, a login, and the last confirmations
POSTGRESQL = "/usr/lib/postgresql/15/bin/"
PASSWORD = "bench"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, done):
    until = time.monotonic() + LIMIT
    while not done():
        if time.monotonic() > until:
            sys.exit("%s takes too long" % what)
        time.sleep(0.05)


def listening(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


# --- processes -----------------------------------------------------------------------------------------------------------

class Processes:
    """The programs of one server: children of this one, which stop in the opposite order of their start."""

    def __init__(self, folder, build):
        self.folder, self.build = folder, build
        self.started = []
        self.counter = new_counter(folder)

    def start(self, name, *command, **variables):
        """With the counter of fsync and fdatasync preloaded."""
        env = dict(os.environ, LD_PRELOAD=os.path.join(self.build, "bench/count_syncs.so"), SYNCS=self.counter, HOME=self.folder, **variables)
        log = open(os.path.join(self.folder, name + ".log"), "wb")
        child = subprocess.Popen(["taskset", "-c", "0", *command], env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.started.append((name, child))
        return child

    def ready(self, name, child, port):
        def up():
            if child.poll() is not None:
                sys.exit("%s does not start: %s" % (name, self.said(name)))
            return listening(port)
        wait_for("the start of " + name, up)

    def said(self, name):
        with open(os.path.join(self.folder, name + ".log"), errors="replace") as log:
            return log.read()[-1500:]

    def stop(self):
        for _, child in reversed(self.started):
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def pids(self, name=None):
        """Those of one program, or of all, with their children."""
        parents = {}
        for path in glob.glob("/proc/[0-9]*/stat"):
            with contextlib.suppress(OSError), open(path) as file:
                fields = file.read().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(path.split("/")[2]))
        found, todo = [], [child.pid for program, child in self.started if name in (None, program)]
        while todo:
            found.append(todo.pop())
            todo += parents.get(found[-1], [])
        return found

    def cpu_seconds(self):
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(OSError), open("/proc/%d/stat" % pid) as file:
                fields = file.read().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def stopped(self, name):
        pids = self.pids(name)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def syncs(self):
        return read_syncs(self.counter)


def new_counter(folder):
    """A file for count_syncs.so, for processes of every user."""
    path = os.path.join(folder, "syncs")
    with open(path, "wb") as file:
        file.write(bytes(8))
    os.chmod(path, 0o666)
    return path


def read_syncs(path):
    """The number that count_syncs.so counts in this file."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ) as count:
        return struct.unpack("=Q", count[:8])[0]


# --- XMPP ----------------------------------------------------------------------------------------------------------------

class Line:
    """A blocking connection, for logins."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""

    def ask(self, text, answer):
        """Sends it, and reads until this pattern of bytes; what came up to its end is taken."""
        self.socket.sendall(text.encode())
        return self.until(answer)

    def until(self, answer):
        while not (found := re.search(answer, self.got)):
            more = self.socket.recv(65536)
            if not more:
                sys.exit("the server closed the connection: %r" % self.got[-500:])
            self.got += more
        self.got = self.got[found.end():]
        return found


class Xmpp:
    """What a sender writes and how it is confirmed."""
    HELLO = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
    ASK = b"<r xmlns='urn:xmpp:sm:3'/>"

    @staticmethod
    def register(port, name):
        line = Line(port)
        line.ask(Xmpp.HELLO, rb"</stream:features>")
        line.ask("<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>%s</username><password>%s</password></query></iq>"
                 % (name, PASSWORD), rb"<iq[^>]*type='result'")
        line.socket.close()

    def __init__(self, port, name):
        self.line = line = Line(port)
        line.ask(Xmpp.HELLO, rb"</stream:features>")
        plain = base64.b64encode(("\0%s\0%s" % (name, PASSWORD)).encode()).decode()
        line.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>" % plain, rb"<success")
        line.ask(Xmpp.HELLO, rb"</stream:features>")
        line.ask("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>", rb"</iq>")
        self.confirmed, self.left = 0, b""

    def ready_to_send(self):
        self.line.ask("<enable xmlns='urn:xmpp:sm:3'/>", rb"<enabled[^>]*/>")

    @staticmethod
    def message(owner, number, size):
        head = "<message to='owner-%d@localhost' type='chat' id='%010d'><body>" % (owner, number)
        tail = "</body></message>"
        body = base64.b64encode(os.urandom(size)).decode()[:size - len(head) - len(tail)]
        return (head + body + tail).encode()

    @staticmethod
    def packed(messages, start):
        """So many messages at once, with questions."""
        step = BATCH if start else len(messages)
        return b"".join(b"".join(messages[n:n + step]) + Xmpp.ASK for n in range(0, len(messages), step))

    def read(self, data):
        """How many messages these bytes confirm."""
        data = self.left + data
        before = self.confirmed
        end = 0
        for found in re.finditer(rb"<a [^>]*h='(\d+)'[^>]*/>", data):
            self.confirmed, end = int(found[1]), found.end()
        if b"<message" in data or b"error" in data:
            sys.exit("the server refuses a message: %r" % data[:500])
        self.left = data[end:]
        return self.confirmed - before

    @staticmethod
    def collect(port, owner, expected):
        """The owner comes back and is given what waited."""
        line = Xmpp(port, "owner-%d" % owner).line
        line.socket.sendall(b"<presence/>")
        for _ in range(expected):
            line.until(rb"<message[ >].*?</message>")
        line.socket.close()


# --- MQTT 3.1.1 ----------------------------------------------------------------------------------------------------------

def mqtt(kind, *fields):
    body = b"".join(fields)
    size, length = len(body), b""
    while True:
        length += bytes([size % 128 | (128 if size >= 128 else 0)])
        size //= 128
        if not size:
            return bytes([kind]) + length + body


def mqtt_text(text):
    return struct.pack(">H", len(text)) + text.encode()


class Mqtt:
    @staticmethod
    def opened(port, name, clean):
        line = Line(port)
        line.socket.sendall(mqtt(0x10, mqtt_text("MQTT"), b"\4", bytes([2 if clean else 0]), b"\0\0", mqtt_text(name)))
        line.until(rb"(?s)\x20\x02.\x00")
        return line

    @staticmethod
    def register(port, name):
        line = Mqtt.opened(port, name, False)
        if name.startswith("owner-"):
            line.socket.sendall(mqtt(0x82, b"\0\1", mqtt_text(name), b"\1"))
            line.until(rb"\x90\x03\x00\x01\x01")
        line.socket.sendall(mqtt(0xE0))
        line.socket.close()

    def __init__(self, port, name):
        self.line = Mqtt.opened(port, name, True)

    def ready_to_send(self):
        pass

    @staticmethod
    def message(owner, number, size):
        head = mqtt_text("owner-%d" % owner) + struct.pack(">H", number % 65535 + 1)
        return mqtt(0x32, head, base64.b64encode(os.urandom(size))[:size - len(head) - 3])

    @staticmethod
    def packed(messages, start):
        return b"".join(messages)

    left = b""

    def read(self, data):
        data = self.left + data
        whole = len(data) // 4
        if any(data[4 * n:4 * n + 2] != b"\x40\2" for n in range(whole)):
            sys.exit("not a PUBACK: %r" % data[:40])
        self.left = data[4 * whole:]
        return whole

    @staticmethod
    def collect(port, owner, expected):
        line = Mqtt.opened(port, "owner-%d" % owner, False)
        for _ in range(expected):
            line.until(rb"(?s)[\x32\x3a]..\x00.owner-")
            # No acks: max_inflight_messages is 0.
        line.socket.close()


# --- the servers ---------------------------------------------------------------------------------------------------------

class Ejabberd:
    protocol = Xmpp

    def __init__(self, sql):
        self.sql = sql
        self.name = "ejabberd, mod_offline in PostgreSQL 15" if sql else "ejabberd, mod_offline in mnesia"
        self.goal = 1 if sql else None
        self.store = "postgresql" if sql else None  # the program that must have stored what is confirmed
        self.truth = "synchronous_commit = on: on disk before the confirmation" if sql else "not on disk when confirmed"
        self.packages = ["ejabberd"] + (["postgresql-15", "erlang-p1-pgsql"] if sql else [])

    def installed(self):
        return bool(shutil.which("erl") and ebin("ejabberd") and (not self.sql or (os.path.exists(POSTGRESQL + "postgres") and ebin("p1_pgsql"))))

    def start(self, processes):
        folder, port = processes.folder, free_port()
        sql = start_postgresql(processes) if self.sql else ""
        with open(os.path.join(folder, "ejabberd.yml"), "w") as file:
            file.write(EJABBERD % {"port": port, "sql": sql, "db": "sql" if self.sql else "mnesia", "auth": "sql" if self.sql else "internal"})
        paths = glob.glob("/usr/lib/*/*/ebin")
        child = processes.start("ejabberd", "erl", "-noinput", "-mnesia", "dir", '"%s/mnesia"' % folder, "-pa", *paths, "-s", "ejabberd",
                                EJABBERD_CONFIG_PATH=os.path.join(folder, "ejabberd.yml"), EJABBERD_LOG_PATH=os.path.join(folder, "ejabberd-log"))
        processes.ready("ejabberd", child, port)
        return port

    def rows(self, processes):
        return int(psql(processes, "SELECT count(*) FROM spool")) if self.sql else None


def ebin(application):
    return [path for folder in ("/usr/lib/*/", "/usr/lib/erlang/lib/") for path in glob.glob("%s%s-*/ebin" % (folder, application))]


EJABBERD = """
loglevel: error
hosts: [localhost]
listen:
  -
    port: %(port)d
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls: false
    max_stanza_size: 262144
    shaper: none
    access: all
shaper_rules:
  max_user_sessions: 10
  max_user_offline_messages: infinity
auth_method: [%(auth)s]
auth_password_format: plain
registration_timeout: infinity
%(sql)s
modules:
  mod_register:
    ip_access: all
    access: all
    password_strength: 0
  mod_stream_mgmt:
    max_ack_queue: infinity
  mod_offline:
    db_type: %(db)s
    access_max_user_messages: max_user_offline_messages
"""


def start_postgresql(processes):
    """Returns ejabberd's options for it."""
    processes.postgresql = port = free_port()
    folder = os.path.join(processes.folder, "postgresql")
    os.mkdir(folder)
    su = []
    if os.getuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        os.chmod(processes.folder, 0o711)
        su = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    subprocess.run([*su, POSTGRESQL + "initdb", "-D", folder, "-U", "bench", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"], cwd="/",
                   check=True, stdout=subprocess.DEVNULL)
    child = processes.start("postgresql", *su, POSTGRESQL + "postgres", "-D", folder, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                            "-c", "unix_socket_directories=", "-c", "fsync=on", "-c", "synchronous_commit=on")
    processes.ready("postgresql", child, port)
    wait_for("PostgreSQL", lambda: subprocess.run([POSTGRESQL + "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0)
    psql(processes, "CREATE DATABASE ejabberd", "postgres")
    with open("/usr/share/ejabberd/sql/pg.sql") as schema:
        psql(processes, schema.read())
    return ("sql_type: pgsql\nsql_server: 127.0.0.1\nsql_port: %d\nsql_database: ejabberd\nsql_username: bench\nsql_password: bench\n"
            "sql_pool_size: 64\n" % port)


def psql(processes, command, database="ejabberd"):
    return subprocess.run([POSTGRESQL + "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(processes.postgresql), "-U", "bench",
                           database], input=command, stdout=subprocess.PIPE, text=True, check=True).stdout


class Mosquitto:
    name = "mosquitto, QoS 1 with persistence"
    goal, store, truth, packages, protocol = None, None, "written every 30 minutes", ["mosquitto"], Mqtt

    def installed(self):
        return shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin") is not None

    def start(self, processes):
        port = free_port()
        config = os.path.join(processes.folder, "mosquitto.conf")
        with open(config, "w") as file:
            file.write("%sallow_anonymous true\nlistener %d 127.0.0.1\npersistence true\npersistence_location %s/\nmax_inflight_messages 0\n"
                       "max_queued_messages 0\nset_tcp_nodelay true\n" % ("user root\n" if os.getuid() == 0 else "", port, processes.folder))
        child = processes.start("mosquitto", shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"), "-c", config)
        processes.ready("mosquitto", child, port)
        return port

    def rows(self, processes):
        return None


PEERS = [Ejabberd(sql=True), Ejabberd(sql=False), Mosquitto()]


# --- the load ------------------------------------------------------------------------------------------------------------

class Load:
    def __init__(self, protocol, port, senders, owners, window, size):
        self.protocol, self.owners, self.size = protocol, owners, size
        self.window = window
        self.links = []
        self.sent, self.confirmed, self.of_owner = 0, 0, [0] * owners
        self.selector = selectors.DefaultSelector()
        for n in range(senders):
            link = protocol(port, "sender-%d" % n)
            link.ready_to_send()
            link.next_owner, link.number, link.out = n * owners // senders, 0, b""
            link.line.socket.setblocking(False)
            self.selector.register(link.line.socket, selectors.EVENT_READ, link)
            self.links.append(link)

    def send(self, link, count, start=False):
        messages = []
        for _ in range(count):
            messages.append(self.protocol.message(link.next_owner, link.number, self.size))
            self.of_owner[link.next_owner] += 1
            link.next_owner = (link.next_owner + 1) % self.owners
            link.number += 1
        self.sent += count
        link.out += self.protocol.packed(messages, start)
        self.flush(link)

    def flush(self, link):
        with contextlib.suppress(BlockingIOError):
            link.out = link.out[link.line.socket.send(link.out):]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.out else 0)
        self.selector.modify(link.line.socket, events, link)

    def start(self):
        for link in self.links:
            self.send(link, self.window, start=True)

    def run(self, until, more=True):
        while (left := until - time.monotonic()) > 0 and (more or self.confirmed < self.sent):
            for key, events in self.selector.select(left):
                link = key.data
                if events & selectors.EVENT_READ:
                    data = link.line.socket.recv(65536)
                    if not data:
                        sys.exit("the server closed a sender's connection")
                    count = link.read(data)
                    self.confirmed += count
                    if more and count:
                        self.send(link, count)
                if link.out:
                    self.flush(link)


def measure(peer, build, senders, owners, window, seconds, size):
    with tempfile.TemporaryDirectory(prefix="mail-peer-") as folder:
        processes = Processes(folder, build)
        cores = os.sched_getaffinity(0)
        try:
            port = peer.start(processes)
            os.sched_setaffinity(0, {max(cores)})
            return loaded(peer, processes, port, senders, owners, window, seconds, size)
        finally:
            os.sched_setaffinity(0, cores)
            processes.stop()


def stops_with_its_store(peer, processes, load):
    """While the database stands still nothing may be confirmed, or a confirmation would not mean that it was stored."""
    with processes.stopped(peer.store):
        load.run(time.monotonic() + 0.3)  # what was on its way
        confirmed = load.confirmed
        load.run(time.monotonic() + 0.5)
        if load.confirmed > confirmed:
            sys.exit("%s confirms messages that are not in its database" % peer.name)


def loaded(peer, processes, port, senders, owners, window, seconds, size):
    for name in ["owner-%d" % n for n in range(owners)] + ["sender-%d" % n for n in range(senders)]:
        peer.protocol.register(port, name)
    load = Load(peer.protocol, port, senders, owners, window, size)
    load.start()
    load.run(time.monotonic() + seconds / 5)
    began, confirmed, own = time.monotonic(), load.confirmed, time.process_time()
    cpu, syncs = processes.cpu_seconds(), processes.syncs()
    load.run(began + seconds)
    stored, took = load.confirmed - confirmed, time.monotonic() - began
    result = {"stored_s": stored / took, "server_us": (processes.cpu_seconds() - cpu) * 1e6 / max(stored, 1),
              "syncs_s": (processes.syncs() - syncs) / took, "generator_cores": (time.process_time() - own) / took}
    if peer.store:
        stops_with_its_store(peer, processes, load)
    load.run(time.monotonic() + LIMIT, more=False)
    if load.confirmed != load.sent:
        sys.exit("%s: %d of %d messages were not confirmed" % (peer.name, load.sent - load.confirmed, load.sent))
    rows = peer.rows(processes)
    if rows is not None and rows != load.sent:
        sys.exit("%s has %d rows of %d messages" % (peer.name, rows, load.sent))
    peer.protocol.collect(port, 0, load.of_owner[0])
    return result
