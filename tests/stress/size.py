"""The size of a part: `make stress SHORT=1` runs each for a moment, to show that it still runs."""

import os

SHORT = os.environ.get("SHORT", "") not in ("", "0")


def usual(value, short):
    """Returns a number of seconds, clients or messages: the usual one, or with SHORT the short one."""
    return short if SHORT else value
