"""Accounts for every message: none is lost silently, shown twice or out of order."""

import json
import os
import re
import subprocess

from chaos import Exchange
from harness import BUILD, Failure
from size import usual

MESSAGES = int(os.environ.get("SIMS_STRESS_MESSAGES", usual(1_000_000, 2_000)))  # of the simulation
PROCESSES, EACH = usual(50, 4), usual(1000, 20)


def part_sim_accounting(world, table):
    """200 clients of the simulation in chaos; every message must end as delivered or visibly not delivered."""
    run = subprocess.run([BUILD / "tests/sim_test", "--no-colors", "-tc=the whole account*"], capture_output=True, text=True,
                         env=world.env | {"SIMS_STRESS_MESSAGES": str(MESSAGES),
                                          "SIMS_STRESS_SEED": os.environ.get("SIMS_STRESS_SEED", "902")})
    found = re.search(r"^account: (.*)$", run.stdout, re.M)
    if not found:
        raise Failure(run.stdout[-4000:])
    ends = json.loads(found[1])
    table.row("messages", ends["said"], at_least=MESSAGES)
    table.row("proved delivered", ends["delivered"])
    table.row("visibly waiting for peers that stay away", ends["waiting"])
    table.row("visibly failed", ends["failed"], at_most=0)
    table.row("in no such state", ends["said"] - ends["delivered"] - ends["waiting"] - ends["failed"], at_most=0)
    # The test itself ends at the first text that is lost, shown twice, out of order or marked wrongly.
    table.row("lost, twice, out of order or marked wrongly: complaints", ends["wrong"], at_most=0)
    table.row("alerts, though everybody is honest", ends["alerts"], at_most=0)
    table.row("mischiefs", ends["mischiefs"])
    table.row("server restarts", ends["server_restarts"])
    table.row("messages a second", ends["messages_s"])
    table.row("memory", ends["peak_mib"], at_most=1024, unit="MiB")
    if run.returncode != 0:
        raise Failure(run.stdout[-4000:])


def part_chaos(world, table):
    """Real programs through the chaos proxy, some killed, the server restarted."""
    exchange = Exchange(world, PROCESSES // 2, EACH, seed=int(os.environ.get("SIMS_STRESS_SEED", "1")))
    account = exchange.run(kills=usual(20, 1), restarts=usual(5, 1), seconds=1800)
    counts = account.counts
    table.row("messages", counts["said"], at_least=PROCESSES * EACH)
    table.row("proved delivered", counts["delivered"])
    table.row("visibly waiting", counts["waiting"])
    table.row("visibly failed", counts["failed"])
    table.row("in no such state", counts["said"] - counts["delivered"] - counts["waiting"] - counts["failed"], at_most=0)
    table.row("lost, twice, out of order or marked wrongly: complaints", len(account.wrong), at_most=0)
    table.row("shown again by the successor of a killed program", counts["shown again after a kill"])
    table.row("programs killed", exchange.kills)
    table.row("server restarts", exchange.restarts)
    for fault, count in exchange.faults.items():
        table.row(f"faults: {fault}", count)
    print("\n".join(account.wrong[:50]))
