"""Attacks: names and logins."""

import threading

import simspy as s
from attacks import Member, at, each, fresh, refused, secure_end, world
from checks import check, login


def invalid_names():
    bad = ["Bob", "", "a" * 33, ".bob", "-bob", "_bob", "bob ", " bob", "b b", "bоb", "bo\u200db", "bob\n", "bob\0", "\u202ebob",
           "bob/", "b@b", "ＢOB", "bób", "b\\b", "b\"b", "бob", "a" * 1000, "\x1b[31mbob", "bob\r", "١"]
    got = each([(repr(n), n) for n in bad], lambda n: refused("name-invalid", at(1, lambda o: o.update(name=n)))["code"])
    for good in ("0", "a" * 32, "x.y_z-", "9..", "bob."):
        login(world.server, good).close()
    return got


def name_taken_and_id_taken():
    me, name = s.Identity(), fresh("owner")
    login(world.server, name, me).close()
    first_ = refused("name-taken", name=name)
    second = refused("id-taken", me=me, name=fresh("alias"))
    with Member() as c:
        c.ping()
    login(world.server, name, me).close()
    return "%s; %s" % (first_["message"], second["message"])


def name_race():
    """Several ids claim one name at once: one gets it and keeps it."""
    for _ in range(5):
        name, results, gate = fresh("race"), [], threading.Barrier(4)

        def claim(me, name=name, results=results, gate=gate):
            c = s.Client(world.server.address, name, me, (s.ECDHE,), login=False)
            c.hs.hook = lambda phase, obj, hs: (phase == 5 and gate.wait(10), obj)[1]
            try:
                c.login()
                results.append(me)
                c.ping()
            except s.RemoteError as e:
                results.append(e.code)
            except Exception as e:
                results.append(repr(e))
            finally:
                c.close()

        threads = [threading.Thread(target=claim, args=(s.Identity(),)) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(15)
        winners = [r for r in results if isinstance(r, s.Identity)]
        check(len(winners) == 1 and sorted(r for r in results if r not in winners) == ["name-taken"] * 3, results)
        refused("name-taken", name=name)
        login(world.server, name, winners[0]).close()


def second_login_replaces():
    me, name = s.Identity(), fresh("twice")
    a = login(world.server, name, me)
    b = login(world.server, name, me)
    try:
        told = secure_end(a)
        b.ping()
        check([e["id"] for e in b.list(match=name)["data"]] == [me.id])
        return "first told: %s, %s" % (told["code"], told["message"])
    finally:
        a.close()
        b.close()


TESTS = [
    invalid_names, name_taken_and_id_taken, name_race, second_login_replaces,
]
