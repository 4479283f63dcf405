"""All clients reconnect to a server that restarts."""

import json
import os
import re
import select
import signal
import subprocess
import time

from harness import BUILD, MANY_FROM_ONE_ADDRESS, Failure
from size import usual

CLIENTS = int(os.environ.get("SIMS_STRESS_CLIENTS", usual(5000, 20)))


def memory(pid):
    """Resident memory now and its maximum so far, in MiB."""
    with open(f"/proc/{pid}/status") as status:
        found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status.read(), re.M))
    return int(found["VmRSS"]) / 1024, int(found["VmHWM"]) / 1024


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def online(storm, seconds):
    """Waits for the line "online"."""
    if not select.select([storm.stdout], [], [], seconds)[0]:
        raise Failure(f"not all are online after {seconds} s")
    line = storm.stdout.readline()
    if not line.startswith("online "):
        raise Failure(f"the clients ended: {line}")
    return json.loads(line.removeprefix("online "))


def part_storm(world, table):
    """5,000 clients lose their server, killed once and stopped once, and all come back as the real client does."""
    # No client answers pings here: that would only blur the memory figures.
    config = world.config(**{"log-level": "notice"}, limits=dict(MANY_FROM_ONE_ADDRESS, **{"ping-seconds": 3600}))
    server = world.server(*config)
    storm = subprocess.Popen([BUILD / "tests/stress/storm", server.address, str(CLIENTS)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True, env=world.env)
    world.processes.append(storm)
    online(storm, 600)
    for word, number in (("kill -9", signal.SIGKILL), ("SIGTERM", signal.SIGTERM)):
        time.sleep(usual(3, 0))  # the last lists arrive
        steady = memory(server.process.pid)[0]
        began = time.monotonic()
        server.stop(number)
        server = world.server(*config, listen=server.address)
        lost = online(storm, 300)
        table.row(f"after {word}: until all {CLIENTS:,} are back", time.monotonic() - began, at_most=60.0, unit="s")
        peak = memory(server.process.pid)[1]
        table.row(f"after {word}: memory before", steady, unit="MiB")
        table.row(f"after {word}: most memory meanwhile", peak, unit="MiB")
        table.row(f"after {word}: times the memory before", peak / steady, at_most=1.5)
        table.row(f"after {word}: processor time of the server", cpu_seconds(server.process.pid), unit="s")
        table.row(f"after {word}: attempts that failed", lost["attempts_lost"])
        for why, count in sorted(lost["reasons"].items()):
            table.row(f"after {word}:   {why}", count)
    storm.stdin.close()
