"""Letters: texts to people who are not there, which the relay keeps until they are back."""

import json

from conversations import MAILED, NO_PEER, PEER_KEY, TIMEOUT, bodies, deliveries, end, history, listen, received
from harness import DEADLINE, MANY_FROM_ONE_ADDRESS, check, until
from test_pipe import Bot
from test_sims import members_in_man


def been_there(world, server, who="bob"):
    """Who logs in, for as long as others see it, and leaves. Keys for letters reach the server meanwhile, or the next time."""
    end(listen(world, who, server))


def letter(world, server, text, *words, sender="alice", who="bob", options=("--accept-new",)):
    """Writes to who, who is not there, as often as the server has no keys yet; the exit status is the last one."""
    def attempt():
        been_there(world, server, who)
        world.sims(sender, server, "send", who, text, *words, expect=None, options=options)
        return world.last_status
    until(attempt, lambda status: status != NO_PEER, "keys for letters")
    return world.last_status


def kept_at_the_deadline(world, send):
    """send(seconds) waits so long for the delivery. A slow machine needs longer until the server has the letter."""
    for seconds in (2, 8, 32):
        send(seconds)
        if "the relay keeps it for bob" in world.last_error:
            break
    check(world.last_status == TIMEOUT and "the relay keeps it for bob" in world.last_error,
          f"{world.last_status}: {world.last_error}")


def waiting(world, who="alice"):
    return [json.loads(line) for line in world.sims(who, None, "mail", "--json").splitlines()]


def test_a_letter_waits_for_its_reader(world):
    server = world.server()
    check(letter(world, server, "until you are back") == MAILED, f"{world.last_status}: {world.last_error}")
    check("the relay keeps it for bob" in world.last_error, world.last_error)
    check(history(world, "alice", "bob")[-1]["delivery"] == "mailed", "not mailed in the history")
    line, = waiting(world)
    check(line["name"] == "bob" and line["state"] == "mailed" and line["messages"] == 1 and line["since"], line)
    check(set(line) <= members_in_man("mail"), f"{set(line)} are not {members_in_man('mail')}")
    check("at the relay since" in world.sims("alice", None, "mail"), "not printed")
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 1)
    message, = received(bob)
    check(message["body"] == "until you are back" and message["sent"] <= message["at"], message)
    alice = listen(world, "alice", server)
    until(lambda: history(world, "alice", "bob")[-1]["delivery"], lambda word: word == "delivered", "receipt")
    end(alice)
    check(waiting(world) == [], "something still waits")


def test_letters_come_in_order_and_once(world):
    server = world.server()
    texts = [f"number {n}" for n in range(5)]
    check(letter(world, server, texts[0]) == MAILED, world.last_error)
    for text in texts[1:]:
        world.sims("alice", server, "send", "bob", text, expect=MAILED)
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 5)
    check(bodies(received(bob)) == texts, "not in order")
    alice = listen(world, "alice", server)
    until(lambda: history(world, "alice", "bob")[-5:], lambda rows: all(r["delivery"] == "delivered" for r in rows), "receipts")
    end(alice)
    bob = listen(world, "bob", server)
    check(end(bob)[0] == [], "a letter came twice")


def test_wait_for_delivered(world):
    server = world.server()
    kept_at_the_deadline(world, lambda seconds: letter(world, server, "one", "--wait-for", "delivered", "--timeout", seconds))
    sending = world.start_sims("alice", server, "send", "bob", "two", "--wait-for", "delivered", "--timeout", DEADLINE)
    until(lambda: waiting(world), lambda rows: rows and rows[0]["messages"] == 2, "both at the relay")
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 2)
    check(bodies(received(bob)) == ["one", "two"], "not both")
    errors = sending.communicate(timeout=DEADLINE)[1]
    check(sending.returncode == 0, f"exit status {sending.returncode}: {errors}")


def test_why_nothing_can_be_written(world):
    server = world.server(*world.config(limits=MANY_FROM_ONE_ADDRESS | {"mail-letters": 1}))
    world.sims("bob", server, "list")
    end(listen(world, "carol", server))
    check(letter(world, server, "one") == MAILED, world.last_error)
    world.sims("alice", server, "send", "bob", "two", expect=NO_PEER)
    check("the mailbox of bob is full" in world.last_error, world.last_error)
    row, = waiting(world)  # the second one is given up
    check(row["messages"] == 1 and row["state"] == "mailed", row)
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 1)
    check(bodies(received(bob)) == ["one"], "not the first one alone")
    check(letter(world, server, "three") == MAILED, world.last_error)


def test_first_contact_by_letter(world):
    """Somebody whom the sender has never seen: the key is asked about, and the request waits."""
    server = world.server()
    been_there(world, server)
    ident = world.sims("bob", None, "id").strip()
    world.sims("alice", server, "list")
    world.sims("alice", server, "send", "bob", "hello", options=(), expect=PEER_KEY)
    check(f"the key of bob is not known: {ident}" in world.last_error, world.last_error)
    check(letter(world, server, "hello") == MAILED, world.last_error)
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 1, options=())
    message, = received(bob)
    check(message["body"] == "hello" and not message["verified"], message)
    world.sims("alice", server, "send", "nobody", "hello", expect=NO_PEER)
    check("there is no user nobody" in world.last_error, world.last_error)


def test_letters_beside_a_holder(world):
    """Through another program: the same words and exit status."""
    server = world.server()
    check(letter(world, server, "one") == MAILED, world.last_error)
    alice = listen(world, "alice", server)
    world.sims("alice", None, "send", "bob", "two", options=(), expect=MAILED)
    check("the relay keeps it for bob" in world.last_error, world.last_error)
    kept_at_the_deadline(world, lambda seconds: world.sims("alice", None, "send", "bob", "three", "--wait-for", "delivered",
                                                           "--timeout", seconds, options=(), expect=None))
    check(waiting(world)[0]["messages"] == 3, waiting(world))
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 3)
    check(bodies(received(bob)) == ["one", "two", "three"], "not all")
    until(lambda: waiting(world), lambda rows: rows == [], "receipts")
    end(alice)


def test_letters_through_a_pipe(world):
    server = world.server()
    check(letter(world, server, "one") == MAILED, world.last_error)
    bot = Bot(world, "alice", server)
    bot.say({"do": "send", "id": 1, "to": "bob", "body": "two"})
    answer = bot.hear(lambda o: o.get("id") == 1)
    check(answer.get("ok") and answer["delivery"] == "mailed", answer)
    bot.say({"do": "send", "id": 2, "to": "bob", "body": "three", "wait_for": "delivered"})
    row = bot.hear(lambda o: o.get("id") == 2)
    check(row.get("row") == {"delivery": "mailed"}, row)
    bob = world.start_sims("bob", server, "listen", "--json", "--count", 3)
    received(bob)
    answer = bot.hear(lambda o: o.get("id") == 2)
    check(answer.get("ok") and answer["delivery"] == "delivered", answer)
    status, _ = bot.end()
    check(status == 0, f"exit status {status}")


def test_letters_on_the_screen(world):
    server = world.server()
    check(letter(world, server, "zero") == MAILED, world.last_error)
    alice = world.tui("alice", server, "--query", "bob")
    alice.see(r"bob \(offline, by letter\)")
    alice.see(r"- <alice> zero")
    alice.enter("one")
    alice.see(r"- <alice> one\n.*waits for bob at the relay")
    world.sims("alice", None, "send", "bob", "two", options=(), expect=MAILED)
    alice.see(r"- <alice> two\n.*waits for bob at the relay")
    # The mark reaches the store up to a second after the screen.
    until(lambda: history(world, "alice", "bob"), lambda rows: rows[-1]["delivery"] == "mailed", "the mark")
    exported = world.path / "export.txt"
    alice.enter(f"/history export bob {exported}")
    until(exported.exists, bool, "the export")
    check(" alice (waits at the relay): two\n" in exported.read_text(), exported.read_text())
    alice.see(r"The history with bob is in")
    bob = world.tui("bob", server, "--query", "alice")
    bob.see(r"<alice> zero(.|\n)*<alice> one(.|\n)*<alice> two")
    bob.enter("/accept")
    alice.see(r"\+ <alice> zero(.|\n)*\+ <alice> one(.|\n)*\+ <alice> two")
    alice.enter("/quit")
    alice.await_end()


def test_first_contact_on_the_screen(world):
    server = world.server()
    check(letter(world, server, "to have keys there", sender="carol") == MAILED, world.last_error)
    world.sims("alice", server, "list")
    alice = world.tui("alice", server)
    alice.see(r"Connected to .* as alice\.")
    alice.enter("/msg bob hello")
    alice.see(r"To bob, who is offline \(by letter\): hello")
    alice.enter("/query bob")
    alice.see(r"First contact with bob")
    alice.see(r"- <alice> hello\n.*waits for bob at the relay, then to be accepted")
    alice.enter("/quit")
    alice.await_end()
