"""A hostile relay and its effect on the client."""

import base64
import os
import sys
import time
from pathlib import Path

from harness import until
from size import usual

sys.path.append(str(Path(__file__).resolve().parent.parent / "interop"))
import relay  # noqa: E402
import simspy  # noqa: E402

CALLERS = usual(20000, 200)
SETTLED = usual(60, 1)  # seconds of measuring after the calls
EVERY = 500  # calls at once


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_memory(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def name_of(number):
    return f"caller{number}"


def call(caller, number, callee):
    nonce = base64.b64encode(os.urandom(32)).decode()
    return {"type": "client-connect", "src": caller, "dst": callee, "phase": 1, "ciphers": [simspy.ECDHE, simspy.RSA],
            "data": {"name": name_of(number), "version": [1], "nonce": nonce}}


def part_callers(world, table):
    """attack 45: a relay lists 20,000 ids, which all call: the client uses little processor time and memory."""
    ids = [simspy.Identity().id for _ in range(CALLERS)]
    answered, called = set(), []

    def on_sub(here, conn, sub, plain):
        if "dst" in sub:
            answered.add(sub["dst"])
        return "dst" in sub

    evil = relay.Relay(on_sub=on_sub)
    try:
        evil.extra = [{"name": name_of(i), "id": one, "status": "online", "since": int(time.time())} for i, one in enumerate(ids)]
        listening = world.start_sims("victim", evil, "listen")
        until(lambda: [c for c in evil.conns if c.listed], bool, "client that has the whole list")
        (me,) = evil.people.values()
        began, before = time.monotonic(), cpu_seconds(listening.pid)

        def call_from(first):
            for i in range(first, min(first + EVERY, CALLERS)):
                me.send(call(ids[i], i, me.id))
            if first + EVERY < CALLERS:
                evil.after(0.001, lambda: call_from(first + EVERY))
            else:
                called.append(True)

        evil.call(lambda: call_from(0))
        until(lambda: called and not me.out_buffer, bool, "end of the calls")
        table.row("CPU while they call", (cpu_seconds(listening.pid) - before) / (time.monotonic() - began) * 100, unit="%")
        began, before = time.monotonic(), cpu_seconds(listening.pid)
        time.sleep(SETTLED)
        table.row("CPU after", (cpu_seconds(listening.pid) - before) / (time.monotonic() - began) * 100, at_most=5.0, unit="%")
        table.row("memory at most", most_memory(listening.pid), at_most=64, unit="MiB")
        table.row("callers answered", len(answered))
        table.row("ended, or cut the connection", int(listening.poll() is not None or me.gone), at_most=0)
    finally:
        evil.stop()
