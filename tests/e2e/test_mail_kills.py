"""Letters survive kill -9 and power cuts. (The database alone: tests/server/mailbox/power_cut_test.cc.)"""

import os
import re

from forgetful_disk import Disk
from harness import Failure, check
from mail_client_kills import Pipe, Sends, kill_owner, kill_writer
from mail_kills import Relay, kill_relay

KILLS = int(os.environ.get("KILLS", "6"))


def test_letters_survive_kill_9_of_the_relay(world):
    """attack 52: no acked letter is lost, none is out of order, none comes again after it was struck off."""
    account = kill_relay(Relay(world), KILLS)
    check(account["letters"] > 20 * KILLS, f"{account}")
    world.note(f"{account}")


def test_letters_survive_power_cuts_of_the_relay(world):
    """attack 52: neither when the disk forgets all that was not synced."""
    account = kill_relay(Relay(world, Disk(world)), KILLS)
    check(account["letters"] > 20 * KILLS, f"{account}")
    world.note(f"{account}")


def test_letters_survive_kill_9_of_their_owner(world):
    """attack 53: each is shown, none twice in the history, and all are receipted in the end."""
    account = kill_owner(world, KILLS, relay_kills=1)
    check(account["letters"] > KILLS, f"{account}")
    world.note(f"{account}")


def test_letters_survive_power_cuts_of_their_owner(world):
    """attack 53: nor is one lost that was acked to the relay before it was safe."""
    account = kill_owner(world, KILLS, Disk(world))
    check(account["letters"] > KILLS, f"{account}")
    world.note(f"{account}")


def test_letters_survive_kill_9_of_their_writer(world):
    account = kill_writer(world, KILLS, Sends)
    world.note(f"{account}")


def test_letters_survive_power_cuts_of_their_writer(world):
    account = kill_writer(world, KILLS, Pipe, Disk(world))
    world.note(f"{account}")


def noticed(world, kills):
    """The tests above fail for this, by what they judge, not by a program that does not start."""
    try:
        account = kills()
    except Failure as failure:
        words = f"{failure}".splitlines()[0]
        check(re.search(r"never got|was given|was sent|were not struck off| taken, | wait, |history of|no receipts|receipts of all", words),
              f"another failure: {failure}")
        world.note(words[:160])
    else:
        check(False, f"not noticed: {account}")


def test_a_relay_that_acks_too_early_is_noticed(world):
    """Its disk says that mail.db is synced, and does nothing."""
    noticed(world, lambda: kill_relay(Relay(world, Disk(world, lies="mail.db-wal")), 5 * KILLS))


def test_an_owner_that_acks_too_early_is_noticed(world):
    noticed(world, lambda: kill_owner(world, 5 * KILLS, Disk(world, lies="store.db-wal"), seconds=10))
