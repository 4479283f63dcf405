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


def simulation(world, table, case, mark, seed):
    """Runs a case of the simulation at full size; returns its account, and the Failure that it ended with."""
    run = subprocess.run([BUILD / "tests/sim_test", "--no-colors", f"-tc={case}*"], capture_output=True, text=True,
                         env=world.env | {"SIMS_STRESS_MESSAGES": str(MESSAGES),
                                          "SIMS_STRESS_SEED": os.environ.get("SIMS_STRESS_SEED", seed)})
    found = re.search(rf"^{mark}: (.*)$", run.stdout, re.M)
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
    return ends, Failure(run.stdout[-4000:]) if run.returncode != 0 else None


def part_sim_accounting(world, table):
    """200 clients of the simulation in chaos; every message must end as delivered or visibly not delivered."""
    _, failure = simulation(world, table, "the whole account", "account", "902")
    if failure:
        raise failure


def part_sim_letters(world, table):
    """200 people of the simulation of whom half are away, and mailboxes with troubles: every text must be proved."""
    ends, failure = simulation(world, table, "letters at large", "letters", "971")
    table.row("texts that came to wait at the relay", ends["mailed"], at_least=MESSAGES // 10)
    table.row("shown before an earlier one, with a notice", ends["early"], at_most=MESSAGES // 500)
    table.row("shown before an earlier one as the first of their author", ends["first_early"], at_most=MESSAGES // 1000)
    table.row("times that somebody came and somebody went", ends["moves"])
    table.row("troubles of the mailboxes: the disk fails, is in doubt, slow or full", ends["troubles"])
    table.row("days slept", ends["days"])
    if failure:
        raise failure


def part_sim_restored(world, table):
    """200 people of the simulation; the mailboxes of the relay, a client's store, or both are put back by a day."""
    run = subprocess.run([BUILD / "tests/sim_test", "--no-colors", "-tc=70:*"], capture_output=True, text=True,
                         env=world.env | usual({"SIMS_STRESS_PEOPLE": "200"}, {"SIMS_SEED": "1421"}))
    counts = {words: int(n) for n, words in re.findall(r"^restored: (\d+) (.*)$", run.stdout, re.M)}
    for words, count in counts.items():
        table.row(words, count, at_least=usual(1, 0))
    if run.returncode != 0 or len(counts) != 6:
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
