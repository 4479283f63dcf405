"""Letters among kills and power cuts."""

from forgetful_disk import Disk
from mail_client_kills import Pipe, Sends, kill_owner, kill_writer
from mail_kills import Relay, kill_relay
from size import usual

KILLS = usual(200, 3)


def rows(table, what, account):
    for figure, value in account.items():
        least = KILLS if figure == "kills" else None
        table.row(f"{what}: {figure}", value, at_least=least, unit="s" if figure == "seconds" else "")


# Each run ends with an error at the first letter that is lost, twice or out of order.
def part_mail_relay(world, table):
    """200 kills of simsd among 20 senders and 3 owners of letters, and 200 power cuts."""
    rows(table, "kill -9", kill_relay(Relay(world), KILLS))
    rows(table, "power cuts", kill_relay(Relay(world, Disk(world)), KILLS, seed=2))


def part_mail_owner(world, table):
    """200 kills and 200 power cuts of an owner's client, each with 40 of simsd, while 5 senders write to it."""
    rows(table, "kill -9", kill_owner(world, KILLS, relay_kills=KILLS // 5))
    rows(table, "power cuts", kill_owner(world, KILLS, Disk(world), relay_kills=KILLS // 5, relay_disk=Disk(world), seed=2))


def part_mail_writer(world, table):
    """200 kills and 200 power cuts each of sims send and sims pipe, and of simsd beside some, while their peer is away."""
    for name, lives in (("sims send", Sends), ("sims pipe", Pipe)):
        rows(table, f"{name}, kill -9", kill_writer(world, KILLS, lives, relay_kills=KILLS // 5))
        rows(table, f"{name}, power cuts",
             kill_writer(world, KILLS, lives, Disk(world), relay_kills=KILLS // 5, relay_disk=Disk(world), seed=2))
