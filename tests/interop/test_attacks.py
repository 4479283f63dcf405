#!/usr/bin/env python3
"""Attacks on simsd and sims over the wire, from sims-protocol(7) and the S and P rows of ATTACKS.md.

A refused attack gets exactly one error, then the connection ends, and other clients do not notice. Where the page names no
error code, any code is accepted and printed. After every case a bystander makes a round trip.
"""

import sys

import attacks_client
import attacks_floods
import attacks_frames
import attacks_handshake
import attacks_mail
import attacks_mail_client
import attacks_names
import attacks_relaying
import attacks_secure
from attacks import world
from checks import Server, check, login, run

# The order matters: the last cases check the log and memory after all others.
TESTS = [
    *attacks_frames.TESTS, *attacks_handshake.TESTS, *attacks_names.TESTS, *attacks_secure.TESTS,
    *attacks_relaying.TESTS, *attacks_mail.TESTS, *attacks_client.TESTS, *attacks_mail_client.TESTS, *attacks_floods.TESTS,
]


def guarded(test):
    """Runs the case, then the bystander's round trip."""

    def both():
        try:
            return test()
        finally:
            check(world.server.process.poll() is None, "simsd died with %s" % world.server.process.returncode)
            world.bystander.inbox.clear()
            world.bystander.ping()

    return test.__name__, both


def main():
    world.server = Server("--log-level", "debug")
    try:
        world.bystander = login(world.server, "bystander")
        world.started = world.server.memory()
        status = run([guarded(t) for t in TESTS])
    finally:
        code = world.server.stop()
    if code != 0:
        print("FAIL stop: simsd ended with %d" % code)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
