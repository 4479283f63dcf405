"""sims-tui in a terminal: the screen and the keys."""

import os
import re
import shutil
import signal
import subprocess
import time

from harness import BUILD, DEADLINE, ROOT, check, until


def pin(world, server, *names):
    """Makes them known at this server."""
    for name in names:
        world.sims(name, server, "list")


def two(world, server, *options, **size):
    """Alice and bob, each with a window for the other."""
    pin(world, server, "alice", "bob")
    alice = world.tui("alice", server, "--query", "bob", *options, **size)
    bob = world.tui("bob", server, "--query", "alice", *options, **size)
    alice.see(r"^\[bob\]|^> $")
    bob.see(r"^\[alice\]|^> $")
    return alice, bob


def talk(alice, bob, word):
    """Sends a line each way and waits for the acks. At first alice is a stranger, who gets no ack before bob accepts her."""
    alice.enter(f"{word} to bob")
    bob.see(rf"<alice> {word} to bob")
    alice.see(rf"[-+] <alice> {word} to bob")
    if not getattr(bob, "accepted", False):
        bob.enter("/accept")
        bob.accepted = True
    bob.enter(f"{word} to alice")
    alice.see(rf"<bob> {word} to alice")
    alice.see(rf"\+ <alice> {word} to bob")
    bob.see(rf"\+ <bob> {word} to alice")


def test_talk_with_ecdhe(world):
    alice, bob = two(world, world.server(), "--suite", "ecdhe")
    talk(alice, bob, "hello")
    check("ECDHE" in alice.screen(), "the status line does not name the suite")


def test_talk_with_rsa(world):
    alice, bob = two(world, world.server(), "--suite", "rsa")
    talk(alice, bob, "hello")
    check("RSA" in alice.screen(), "the status line does not name the suite")


def test_titles(world):
    server = world.server()
    alice, bob = two(world, server)
    talk(alice, bob, "hello")
    first = alice.screen().splitlines()[0]
    for word in ("alice", server.address, "bob", "unverified"):
        check(word in first, f"{word} is not in the title line: {first}")
    title = alice.ask("#{pane_title}")
    for word in ("alice", "bob", "unverified"):
        check(word in title, f"{word} is not in the terminal's title: {title}")


def test_first_contact_question(world):
    server = world.server()
    alice = world.tui("alice", server)
    screen = alice.see("authenticity")
    check(server.id in screen.replace("\n", ""), "the fingerprint is not shown")
    alice.enter("perhaps")
    alice.see("yes.*no")
    alice.enter("no")
    alice.see_not("authenticity of server")
    check(re.search("offline|Connect", alice.screen()), "it is not offline after a no")
    check("name=alice" not in server.log(), "logged in without a yes")
    bob = world.tui("bob", server)
    bob.see("authenticity")
    bob.enter("yes")
    bob.see("online")
    carol = world.tui("carol", server)
    carol.see("authenticity")
    carol.enter(server.id)
    carol.see("online")


def test_stranger_is_marked(world):
    server = world.server()
    pin(world, server, "alice")
    alice = world.tui("alice", server)
    alice.see("online")
    # A stranger gets nothing back, so there is no ack either.
    world.sims("bob", server, "send", "--timeout", "3", "alice", "psst", expect=7)
    alice.see(r"^!.*bob")
    colours = world.tmux("capture-pane", "-p", "-e", "-t", alice.name)
    line = next(l for l in colours.splitlines() if "!" in l and "bob" in l)
    check(re.search(r"\x1b\[[0-9;]*(31|91|41|38;5;(1|9|160|196|203)|48;5;(1|9|160|196))[;m]", line), f"bob is not red: {line!r}")
    alice.enter("/query bob")
    alice.see(r"<bob> psst")


def test_wrong_server_key(world):
    first = world.server()
    alice, bob = two(world, first)
    talk(alice, bob, "hello")
    alice.type("a draft")
    first.stop()
    second = world.server(state="other", listen=first.address)
    screen = alice.see("KEY HAS CHANGED")
    joined = re.sub(r"[\s│]|^.*│", "", screen, flags=re.M)
    for server_id in (first.id, second.id):
        check(server_id in joined, f"{server_id} is not shown")
    alice.enter("yes")
    alice.see("KEY HAS CHANGED")
    check("name=alice" not in second.log(), f"alice logged in:\n{second.log()}")
    alice.enter(second.id)
    alice.see_not("SERVER'S KEY HAS CHANGED")
    alice.see("online")
    alice.see("a draft")
    alice.see("<alice> hello to bob")


def test_name_taken(world):
    server = world.server()
    pin(world, server, "alice")
    (world.path / "alice").rename(world.path / "first")
    (world.path / "alice").mkdir(mode=0o700)
    alice = world.tui("alice", server)
    alice.see("authenticity")
    alice.enter("yes")
    alice.see("the name is taken there")


def test_server_restarted(world):
    server = world.server()
    alice, bob = two(world, server)
    talk(alice, bob, "before")
    server.stop()
    for terminal in (alice, bob):
        terminal.see("reconnecting|going-away|going away")
    alice.enter("while it is down")
    alice.see(r"[·-] <alice> while it is down")
    world.server(listen=server.address)
    alice.see("online")
    bob.see("<alice> while it is down")
    alice.see(r"\+ <alice> while it is down")
    talk(alice, bob, "after")
    check(bob.screen().count("while it is down") == 1, "shown twice")


def test_small_terminals(world):
    server = world.server()
    alice, bob = two(world, server, columns=40, rows=10)
    talk(alice, bob, "hi")
    alice.resize(20, 5)
    bob.enter("tiny")
    alice.see("tiny")
    for columns, rows in ((200, 60), (10, 3), (80, 24), (61, 7), (80, 24)):
        alice.resize(columns, rows)
    bob.enter("large again")
    alice.see("<bob> large again")


def test_wide_characters_and_controls(world):
    server = world.server()
    alice, bob = two(world, server)
    talk(alice, bob, "hello")
    alice.enter("世界 🌍 e\u0301 ñ")
    bob.see("世界 🌍 e\u0301 ñ")
    bob_id = bob.ask("#{pane_title}")
    world.sims("carol", server, "send", "--timeout", "3", "bob", "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b5m\u202egnp", expect=7)
    bob.enter("/query carol")
    bob.see("<carol> .*red")
    check("owned" not in bob.ask("#{pane_title}"), f"the title was set from outside; it was {bob_id}")


def test_changed_peer_key(world):
    server = world.server()
    alice, bob = two(world, server)
    talk(alice, bob, "hello")
    bob.enter("/quit")
    bob.await_end()
    server.stop()
    for database in server.state.glob("*.db*"):
        database.unlink()
    (server.state / "accounts.db.begun").touch()  # gives up the names on purpose
    (world.path / "bob").rename(world.path / "old-bob")
    server = world.server(listen=server.address)
    listener = world.start_sims("bob", server, "listen", "--json", "--count", 1)
    alice.see("KEY CHANGED|KEY OF bob HAS CHANGED")
    alice.enter("for the old bob")
    alice.see("KEY OF bob HAS CHANGED")
    check(listener.poll() is None, "the new bob got something")
    alice.enter(world.sims("bob", None, "id").strip())
    alice.see_not("KEY OF bob HAS CHANGED")
    alice.enter("hello, new bob")
    out, _ = listener.communicate(timeout=DEADLINE)
    check("hello, new bob" in out and "for the old bob" not in out, f"bob got {out}")


def test_verify(world):
    server = world.server()
    alice, bob = two(world, server)
    talk(alice, bob, "hello")
    alice.enter("/verify")
    alice.see("Verify bob")
    number = re.sub(r"\D", "", "".join(re.findall(r"(?:\b\d{5}\b ?){6}", alice.screen())))
    check(len(number) == 60, f"no safety number: {number}")
    alice.enter("")
    alice.see("Verify bob")
    check("unverified" in alice.screen().splitlines()[0], "verified by a careless Enter")
    alice.enter(number[:-1] + str((int(number[-1]) + 1) % 10))
    alice.see("Verify bob")
    check("unverified" in alice.screen().splitlines()[0], "verified by a wrong number")
    alice.enter(number)
    until(lambda: alice.screen().splitlines()[0], lambda t: "verified" in t and "unverified" not in t, "verified in the title")


def test_help_and_unknown_commands(world):
    server = world.server()
    alice, bob = two(world, server)
    alice.enter("/help")
    alice.see("/verify")
    alice.enter("/qury bob")
    alice.see(r"Did you mean /query\?")
    check("/qury" not in bob.screen(), "a mistyped command was sent")


def leaves_a_clean_terminal(world, server, end):
    """Ends sims-tui inside a shell, and requires that the shell's terminal is as before."""
    script = world.path / "inner.sh"
    script.write_text(
        f"before=$(stty -g); echo first line\n{BUILD}/sims-tui --home {world.path}/alice --server {server.address} --name alice\n"
        'echo "status $?"; [ "$before" = "$(stty -g)" ] && echo same modes; read -r line; echo "read $line"; sleep 600\n')
    shell = world.terminal("sh", script)
    shell.see("online")
    check(shell.ask("#{alternate_on}") == "1", "it does not use the alternate screen")
    end(shell)
    shell.see("same modes")
    screen = shell.see(r"status \d+")
    check("first line" in screen, "the old screen is not back")
    check(shell.ask("#{alternate_on}") == "0", "the alternate screen is still on")
    check(shell.ask("#{cursor_flag}") == "1", "the cursor is hidden")
    check(shell.ask("#{mouse_any_flag}") == "0", "the mouse is still taken")
    shell.enter("typed")
    shell.see("read typed")
    return screen


def program_in(shell):
    """The pid of sims-tui below the shell."""
    with open(f"/proc/{shell.pid()}/task/{shell.pid()}/children") as children:
        return int(children.read().split()[0])


def test_quit_restores_the_terminal(world):
    server = world.server()
    pin(world, server, "alice")
    screen = leaves_a_clean_terminal(world, server, lambda shell: shell.enter("/quit"))
    check("status 0" in screen, screen)


def test_signals_restore_the_terminal(world):
    server = world.server()
    pin(world, server, "alice")
    for number in (signal.SIGTERM, signal.SIGHUP):
        leaves_a_clean_terminal(world, server, lambda shell: os.kill(program_in(shell), number))
        until(lambda: world.sims("watcher", server, "list"), lambda out: "alice" not in out, "end of alice's login")


def test_server_gone_for_good(world):
    server = world.server()
    alice, bob = two(world, server)
    check(server.stop() == 0, f"exit status {server.process.returncode}")
    alice.see("reconnecting in")
    alice.see(r"\(offline\)")
    alice.enter("/quit")
    alice.await_end()


def test_another_name(world):
    """An id has one name per server: another name is refused, and name and history stay."""
    server = world.server()
    pin(world, server, "alice")
    alice = world.tui("alice", server)
    alice.see(r"Connected to .* as alice\.")
    alice.enter("/nick alicia")
    alice.see("this key is alice: going on as alice")
    alice.see(r"(?s)as alice\..*Disconnected.*as alice\.")
    alice.see(r"alice @ .*status")
    listed = world.sims("watcher", server, "list")
    check("alice" in listed and "alicia" not in listed, f"the server lists {listed}")


def test_backup_is_said_once(world):
    """It is shown only once, although /nick reconnects."""
    server = world.server()
    pin(world, server, "alice")
    shutil.copytree(world.path / "alice", world.path / "copy")
    pin(world, server, "alice")
    shutil.rmtree(world.path / "alice")
    (world.path / "copy").rename(world.path / "alice")
    alice = world.tui("alice", server, columns=120, rows=30)
    alice.see("older than its last use")
    alice.see(r"Connected to .* as alice\.")
    alice.enter("/nick alicia")
    alice.see(r"(?s)as alice\..*Disconnected.*as alice\.")
    check(alice.screen().count("older than its last use") == 1, alice.screen())


def test_deletion_is_asked_about_when_scrolled_up(world):
    alice, bob = two(world, world.server())
    talk(alice, bob, "hello")
    for i in range(40):
        alice.enter(f"line {i}")
    alice.see("line 39")
    alice.key("PageUp")
    alice.see_not("line 39")
    alice.enter("/history delete")
    alice.see(r"Delete the history with bob, for good\? y yes, n no")
    alice.key("Enter")
    alice.key("n")
    alice.see(r"\[bob\] /history delete")
    alice.key("PageDown")
    alice.see("line 39")
    alice.key("Enter")
    alice.see("for good")
    alice.key("y")
    alice.see("The history with bob is deleted here")
    alice.see_not("line 39")


def test_export_into_the_home_folder(world):
    alice, bob = two(world, world.server())
    talk(alice, bob, "hello")
    home = world.path / "home"
    (home / "notes").mkdir()
    alice.type("/history export ~/no")
    alice.key("Tab")
    alice.see("export ~/notes/")
    alice.enter("talk.txt")
    alice.see("is in ~/notes/talk.txt now")
    check("hello to bob" in (home / "notes/talk.txt").read_text(), "what was said is not in the file")


def test_type_ahead_is_no_paste(world):
    """tmux brackets pastes, so keys that come in one read are keys, and each Enter sends."""
    alice, bob = two(world, world.server())
    began = time.monotonic()
    talk(alice, bob, "hello")
    round = 0
    while round < 2 or time.monotonic() - began < 2:  # the terminal's abilities are known after a second
        round += 1
        alice.key("o", "n", "e", str(round), "Enter", "t", "w", "o", str(round), "Enter")  # in one write
        os.kill(alice.pid(), signal.SIGSTOP)  # as over a link that is slower than the user types
        for word in ("three", "four"):
            alice.enter(f"{word}{round}")
        os.kill(alice.pid(), signal.SIGCONT)
        for word in ("one", "two", "three", "four"):
            bob.see(rf"<alice> {word}{round}$")
        check("paste" not in alice.screen(), alice.screen())


def test_paste_of_tmux_is_one_text(world):
    alice, bob = two(world, world.server())
    talk(alice, bob, "hello")
    world.tmux("set-buffer", "one of two\ntwo of two\n")
    world.tmux("paste-buffer", "-p", "-t", alice.name)
    alice.see("two of two")
    check("<alice> one of two" not in alice.screen(), alice.screen())
    alice.key("Enter")
    bob.see("<alice> one of two")
    check("<alice> two of two" not in bob.screen(), bob.screen())


def test_paste_in_plain_is_one_text(world):
    """--plain does not ask tmux for brackets, so there are none."""
    tui = world.terminal(BUILD / "sims-tui", "--plain", "--demo", "--home", world.path / "nobody")
    tui.see("Connected to")
    tui.enter("/query bob")
    tui.see("bob>")
    world.tmux("set-buffer", "one of three\ntwo of three\nthree of three")
    world.tmux("paste-buffer", "-p", "-t", tui.name)
    tui.see("paste: Enter sends")
    check("you: one of three" not in tui.screen(), tui.screen())
    tui.key("Enter")
    tui.see("(?s)you: one of three.*two of three.*three of three")


def test_closed_terminal_ends_the_program(world):
    server = world.server()
    alice, bob = two(world, server)
    pid = alice.pid()
    world.tmux("kill-session", "-t", alice.name)
    world.terminals.remove(alice)
    until(lambda: os.path.exists(f"/proc/{pid}"), lambda there: not there, "end of sims-tui")


def test_options_that_a_field_would_cut(world):
    """The option is refused before anything is connected or registered."""
    server = world.server()
    for option, value in (("--name", "a" * 50), ("--name", "Bob"), ("--port", "123456"), ("--port", "0"),
                          ("--server", "two words"), ("--server", "host:99999")):
        given = {"--server": server.address, "--name": "alice"} | {option: value}
        run = subprocess.run([BUILD / "sims-tui", "--home", world.path / "alice",
                              *(word for pair in given.items() for word in pair)], capture_output=True, text=True,
                             env=world.env, timeout=DEADLINE)
        check(run.returncode == 2 and run.stderr.startswith(f"sims-tui: {option}: "), f"{value}: {run}")
    check("conn=" not in server.log(), server.log())


def test_connect_dialog(world):
    server = world.server()
    host, port = server.address.rsplit(":", 1)
    alice = world.terminal(BUILD / "sims-tui", "--home", world.path / "alice")
    alice.see("Connect to a server")
    alice.type(host)
    alice.key("Tab", "C-a", "C-k")
    alice.type(port)
    alice.key("Tab")
    alice.enter("alice")
    alice.see("authenticity")
    alice.enter("yes")
    alice.see("online")


def test_invitations(world):
    """A server with registration by invitation accepts the code from the dialog and from the option."""
    server = world.server("--registration", "closed")

    def code():
        run = subprocess.run([BUILD / "simsctl", "--state-dir", server.state, "invite"], capture_output=True, text=True,
                             timeout=DEADLINE, check=True)
        return run.stdout.split()[-1]

    alice = world.tui("alice", server)
    alice.see("authenticity")
    alice.enter("yes")
    alice.see("takes no new users without an invitation")
    alice.enter("/connect")
    alice.see("^.*>Invitation")
    alice.enter("0000-1111")
    alice.see("did not take the invitation")
    alice.key("C-a", "C-k")
    alice.enter(code())
    alice.see("online")
    alice.enter("/connect")
    alice.see(r"Invitation \[ +\]")
    bob = world.tui("bob", server, "--invite", code())
    bob.see("authenticity")
    bob.enter("yes")
    bob.see("online")


def test_demo(world):
    """`make demo` without a terminal shows the demo world."""
    run = subprocess.run(["scripts/demo.sh"], cwd=ROOT, env=world.env | {"SCRIPT": "1", "BUILD": str(BUILD), "DEMO_DEADLINE": str(DEADLINE)},
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE * 4)
    check(run.returncode == 0, f"{run.returncode}: {run.stdout}{run.stderr}")
    check("+ <alice> Nor can it write in your name." in run.stdout, run.stdout)
