"""Real programs on a network that breaks: every message ends as proved delivered or visibly not."""

from chaos import Exchange
from harness import SLOW, check


def test_account_through_chaos(world):
    exchange = Exchange(world, pairs=5, count=100, seed=1)
    account = exchange.run(kills=4, restarts=1, seconds=120 * SLOW)
    check(not account.wrong, "\n".join(account.wrong))
    check(account.counts["delivered"] == account.counts["said"] == 1000, f"{dict(account.counts)}")
    check(exchange.kills > 0 and exchange.restarts == 1, "nothing was killed")
    check(exchange.faults.get("split") and exchange.faults.get("jitter"), f"the network was too good: {exchange.faults}")
    world.note(f"{dict(account.counts)}, faults {exchange.faults}")
