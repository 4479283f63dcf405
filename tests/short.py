#!/usr/bin/python3
"""A short run of every target that `make help` and the documents name, so that none rots unnoticed.

    short.py [PART-OF-A-NAME...]      the runs of `make check`
    short.py ci [PART-OF-A-NAME...]   those of .ci/run, which need more packages or more time

RUNS is the table of names and their runs. First all names are held against it: targets of `make help`, of the
Makefile and of every README; the parts of bench, stress and fuzz; scripts; programs that the Makefile links. Each of these
rules is proved on a made-up name. No run asserts a speed. The last line counts.
"""
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VARIANT = os.environ.get("VARIANT", "release")
BUILD = ROOT / os.environ.get("BUILD", "build/release")
LIMIT = 600  # s, for one command; it only decides when a run has failed


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(condition, words):
    if not condition:
        raise Failure(words)


def command(*words, folder=ROOT, **variables):
    """Runs it with an environment of ours plus these variables; returns all that it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    done = subprocess.run([str(w) for w in words], cwd=folder, env=environment | variables, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)
    wrong = [line for line in done.stdout.splitlines() if re.search(r"\| NO\b|Failure|Error|^FAIL", line)]
    check(done.returncode == 0, "\n".join([f"{' '.join(map(str, words))}: exit status {done.returncode}", *wrong[:20],
                                           done.stdout[-6000:]]))
    return done.stdout


def make(*words, folder=ROOT, build=BUILD, variant=VARIANT):
    """The compiler is that of the check around this, so that nothing is built again."""
    compiler = os.environ.get("CXX", "g++")
    return command("make", f"VARIANT={variant}", f"BUILD={build}", f"CXX={compiler}", *words, folder=folder)


def expect(text, *patterns):
    for pattern in patterns:
        check(re.search(pattern, text, re.M), f"no /{pattern}/ in\n{text[-3000:]}")


def must_match(pattern, text):
    """Returns the text of the pattern's first group; fails if the pattern is not found."""
    match = re.search(pattern, text, re.M | re.S)
    check(match, f"nothing matches {pattern!r} any more in the text that begins {text[:80]!r}")
    return match[1]


def packages(name):
    """Installs one of the Makefile's lists of packages; without them there is nothing to run."""
    wanted = must_match(rf"^{name} *:= *([^\n]*)$", (ROOT / "Makefile").read_text()).split()
    try:
        command("scripts/deps.sh", *wanted)
    except Failure as failure:
        raise Skip(f"no {' '.join(wanted)}: {str(failure).splitlines()[-1]}")


# --- the runs ------------------------------------------------------------------------------------------------------------

def run_demo():
    expect(make("demo", "SCRIPT=1"), r"^demo: every word arrived")


def run_bench():
    said = make("bench", "SHORT=1")
    for part in bench_parts(files()):
        expect(said, rf"^{part}$")


def run_micro():
    said = make("micro", "BENCH=--benchmark_min_time=0.001")
    sources = "\n".join(text for path, text in files().items() if path.startswith("bench/micro"))
    for name in re.findall(r"^BENCHMARK(?:_CAPTURE)?\((\w+)", sources, re.M):
        expect(said, rf"^{name}\b")


def run_timing():
    expect(make("timing", "TIMES=0.0001"), r"^crypto::equal", r"^RSA phase 5", r"^relay:")


def run_bench_tui():
    expect(make("bench-tui", "SHORT=1"), r"^keyboard", r"messages a second", r"messages stored", r"^SHORT: every part runs")


def run_stress():
    said = make("stress", "SHORT=1")
    for part in stress_parts(files()):
        expect(said, rf"^== {part}:")


def run_install():
    with tempfile.TemporaryDirectory() as folder:
        make("install", f"DESTDIR={folder}", "PREFIX=/usr")
        for name in ("bin/sims", "bin/sims-tui", "sbin/simsd", "sbin/simsctl"):
            expect(command(f"{folder}/usr/{name}", "--version"), r"\S")
        there = [str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file()]
        for name in ("usr/lib/systemd/system/simsd.socket", "usr/share/doc/sims/README.md", "etc/simsd.conf",
                     *(f"usr/share/man/man{page.suffix[1:]}/{page.name}" for page in (ROOT / "man").glob("*.[1-8]"))):
            check(name in there, f"make install leaves out {name}")
        make("uninstall", f"DESTDIR={folder}", "PREFIX=/usr")
        left = [str(p) for p in Path(folder).rglob("*") if not p.is_dir()]
        check(not left, f"make uninstall leaves {left}")


def tarball():
    """The path of a release tarball of HEAD, and whether it was there before."""
    if not (ROOT / ".git").exists():
        raise Skip("no git repository")
    before = set((ROOT / "build").glob("sims-*.tar.gz"))
    path = ROOT / make("dist").splitlines()[-1]
    return path, path in before


def unpack(folder):
    path, was_there = tarball()
    command("tar", "-xf", path, "-C", folder)
    if not was_there:
        path.unlink()
    [top] = Path(folder).iterdir()
    return top


def run_dist():
    with tempfile.TemporaryDirectory() as folder:
        top = unpack(folder)
        check((top / "VERSION").read_text().strip() != "", "the tarball names no version")
        check((top / "src").is_dir() and (top / "tests/vectors").is_dir(), "the tarball lacks src or tests/vectors")
        (top / "build/here").mkdir(parents=True)
        expect(make("-n", "all", folder=top, build="build/release"), r"simsd\.cc")
        make("clean", folder=top, build="build/release")
        check(not (top / "build").exists(), "make clean leaves build")


def run_compile_commands():
    make("compile_commands.json")
    expect(read("compile_commands.json"), r'"file":"src/simsd.cc"')


def run_format():
    packages("LINT_DEPS")
    with tempfile.TemporaryDirectory() as folder:
        top = unpack(folder)
        source = top / "src/simsd.cc"
        source.write_text(source.read_text() + "\nint   made_up ;\n")
        make("format", folder=top, build="build/release")
        expect(source.read_text(), r"^int made_up;$")


def run_boot_check():
    """Not the boot, which takes minutes: only that its tools and files are there, and whether it would run."""
    expect(command("tests/boot.sh", "--check"), r"^[0-9]+ passed, 0 failed")


def run_fuzz():
    """Each target under libFuzzer, linked from the release's objects: compiling with clang and sanitizers takes minutes."""
    packages("FUZZ_DEPS")
    make(BUILD / "fuzz")
    names = fuzz_targets(files())
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            corpus = Path(folder) / name
            corpus.mkdir()
            said = command(BUILD / "fuzz", "-runs=50", "-max_total_time=5", f"-artifact_prefix={folder}/", corpus, FUZZ=name)
            expect(said, r"^Done \d+ runs")


def run_valgrind():
    packages("VALGRIND_DEPS")
    expect(make("valgrind"), r"^[0-9]+ passed, 0 failed")


def run_debug():
    with tempfile.TemporaryDirectory() as folder:
        make(f"{folder}/libbase.a", build=folder, variant="debug")


def run_cov():
    with tempfile.TemporaryDirectory() as folder:
        expect(make("test-base", build=folder, variant="cov"), r"SUCCESS")
        expect(command("tests/coverage.sh", BUILD=folder), r"in all$")


CHECK, CI = "check", "ci"
# Name: the stage and the run; or the file that runs it otherwise, and a text that must stand there.
RUNS = {
    "demo": (CHECK, run_demo),
    "bench": (CHECK, run_bench),
    "micro": (CHECK, run_micro),
    "timing": (CHECK, run_timing),
    "bench-tui": (CHECK, run_bench_tui),
    "stress": (CHECK, run_stress),
    "install": (CHECK, run_install),
    "uninstall": ("tests/short.py", 'make("uninstall"'),
    "dist": (CHECK, run_dist),
    "clean": ("tests/short.py", 'make("clean"'),
    "compile_commands.json": (CHECK, run_compile_commands),
    "boot-check": (CHECK, run_boot_check),
    "lint": (".ci/run", "make lint"),
    "format": (CI, run_format),
    "fuzz": (CI, run_fuzz),
    "valgrind": (CI, run_valgrind),
    "VARIANT=debug": (CI, run_debug),
    "VARIANT=cov": (CI, run_cov),
    "VARIANT=release": (".ci/run", "run release"),
    "VARIANT=asan": (".ci/run", "sanitized asan"),
    "VARIANT=tsan": (".ci/run", "sanitized tsan"),
    "all": ("Makefile", "check-programs: all"),
    "check": (".ci/run", "make VARIANT=\"$1\" check"),
    "check-programs": (".ci/run", "check-programs"),
    "deps": (".ci/run", "make deps"),
    "short": ("tests/check.sh", "suite short tests/short.py"),
    "short-ci": (".ci/run", "tests/short.py ci"),
    "help": ("tests/short.py", 'make("-s", "help")'),
    "test-ROOM": ("tests/check.sh", '"$BUILD/tests/${name}_test"'),
    "test-e2e": ("tests/check.sh", "tests/e2e/run.py"),
    "reproducible": ("tests/check.sh", "suite reproducible tests/reproducible.sh"),
    "install-completions": ("tests/completions.sh", "install-completions"),
    "uninstall-completions": ("tests/completions.sh", "uninstall-completions"),
}


# --- the names -----------------------------------------------------------------------------------------------------------

def read(path):
    return (ROOT / path).read_text()


def files():
    """All texts that names come from, by path; the output of `make help` is the file "help"."""
    paths = [p for folder in ("scripts", "tests", "bench") for p in (ROOT / folder).rglob("*")
             if p.suffix in (".py", ".sh", ".cc", ".md") and "vectors" not in p.parts]
    paths += [ROOT / "Makefile", ROOT / ".ci/run", *ROOT.glob("*.md")]
    return {str(p.relative_to(ROOT)): p.read_text() for p in paths} | {"help": make("-s", "help")}


TARGET = r"(?!VARIANT=)[a-z][\w.-]*"


def help_targets(text):
    """`make NAME`, also `make NAME, NAME`, and the variants."""
    found = re.findall(rf"\bmake ({TARGET}(?:, {TARGET})*)", text)
    variants = re.findall(r"VARIANT=([a-z|]+)", text)
    return {n for names in found for n in names.split(", ")} | {"VARIANT=" + v for names in variants for v in names.split("|")}


def instructions(text):
    """The targets that a document tells the reader to type: `make NAME` in its code."""
    code = "\n".join(re.findall(r"^```.*?^```|^ {4}[^\n]*$|`[^`\n]+`", text, re.M | re.S))
    return set(re.findall(rf"\bmake(?: [A-Z]+=\S+)* ({TARGET})", code))


def phony(makefile):
    words = must_match(r"^\.PHONY: ((?:[^\n]*\\\n)*[^\n]*)$", makefile).replace("\\\n", " ")
    return set(re.sub(r"\$\(.*\)", "", words).split()) - {"FORCE"}


def linked(makefile):
    """Programs and libraries below bench and tests/stress that the Makefile has rules for."""
    rules = re.findall(r"^(?:\$\(eval \$\(call program,)?\$\(BUILD\)/((?:bench|tests/stress)/[\w.]+)[:,]", makefile, re.M)
    several = re.findall(r"^\$\(foreach p,([\w ]+),\$\(eval \$\(call program,\$\(BUILD\)/tests/stress/", makefile, re.M)
    return {Path(r).name for r in rules} | {n for names in several for n in names.split()}


def bench_parts(texts):
    return [name for path in ("bench/relay.py", "bench/letters.py") for name in re.findall(r"^def part_(\w+)", texts[path], re.M)]


def stress_parts(texts):
    found = (re.findall(r"^def part_(\w+)\(world", t, re.M) for p, t in texts.items() if p.startswith("tests/stress/part_"))
    return [name.replace("_", "-") for names in found for name in names]


def fuzz_targets(texts):
    sources = "\n".join(t for p, t in texts.items() if re.fullmatch(r"tests/fuzz/\w+\.cc", p))
    return re.findall(r'Register \w+\(\{"([\w-]+)"', sources)


def table_of(document):
    """The names in code in the first column of a document's first table."""
    rows = must_match(r"^(\| (?:part|target) .*?)\n\n", document).splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([\w-]+)`", row.split("|")[1])}


def scripts(texts):
    """The scripts that a target or a check starts."""
    return {p for p in texts if re.fullmatch(r"scripts/[\w.-]+|tests/[\w.-]+\.(sh|py)", p)}


def holes(texts, runs):
    """Names without a run, a line each; also rows of the table without a name."""
    out = []
    named = help_targets(texts["help"]) | phony(texts["Makefile"])
    for path, text in texts.items():
        if path.endswith(".md"):
            named |= instructions(text)
    named = {"test-ROOM" if n.startswith("test-") and n != "test-e2e" else n for n in named}
    out += [f"make {name}: no short run" for name in sorted(named - set(runs))]
    out += [f"{name}: a row of the table that nothing names" for name in sorted(set(runs) - named)]
    for name, (where, what) in runs.items():
        if where not in (CHECK, CI) and what not in texts[where]:
            out.append(f"make {name}: {where} has no {what!r} any more")

    def same(words, one, other):
        out.extend(f"{words}: {name}" for name in sorted(set(one) ^ set(other)))
    listed = re.split(r",\s+", must_match(r"one part: ([\w,\s]+)\.", texts["bench/README.md"]))
    called = must_match(r"^PARTS = \[(.*?)\]", texts["bench/relay.py"])
    same("bench/README.md and bench/relay.py differ in a part", listed, bench_parts(texts))
    same("bench/relay.py runs not all parts", re.findall(r"part_(\w+)", called), bench_parts(texts))
    same("tests/stress/README.md and the parts differ", table_of(texts["tests/stress/README.md"]), stress_parts(texts))
    same("tests/fuzz/README.md and the targets differ", table_of(texts["tests/fuzz/README.md"]), fuzz_targets(texts))
    callers = "\n".join(t for p, t in texts.items() if re.search(r"\.(py|sh)$|^Makefile$|^\.ci/run$", p))
    for name in sorted(linked(texts["Makefile"])):
        if not re.search(rf"(bench|tests/stress)/{re.escape(name)}\"|\$\(BUILD\)/bench/{re.escape(name)} \$", callers):
            out.append(f"{name} is linked, and nothing starts it")
    startable = scripts(texts)
    starting = {p: texts[p] for p in startable | {"Makefile", ".ci/run"}}
    out += [f"{path}: nothing runs it" for path in sorted(startable)
            if not any(path in text for p, text in starting.items() if p != path)]
    return out


def proofs(texts):
    """Every rule of holes() finds a made-up name: the line that it must print, and the change."""
    def with_text(path, old, new):
        text = texts.get(path, "")
        check(old in text, f"{path} has no {old!r}: the proof is out of date")
        return texts | {path: text.replace(old, new, 1)}
    new = {folder + "/made-up.sh": "" for folder in ("tests", "scripts")}  # in no text, not even in this one
    for what, changed in (
            ("make made-up: no short run", texts | {"help": texts["help"] + "make made-up          a thing\n"}),
            ("make made-up: no short run", texts | {"help": texts["help"] + "make lint, made-up    things\n"}),
            ("make VARIANT=made: no short run", texts | {"help": texts["help"] + "VARIANT=made|asan\n"}),
            ("make made-up: no short run", texts | {"README.md": texts["README.md"] + "\n    make made-up\n"}),
            ("make made-up: no short run", texts | {"SECURITY.md": texts["SECURITY.md"] + "\nRun `make A=b made-up`.\n"}),
            ("make made-up: no short run", with_text("Makefile", ".PHONY: all", ".PHONY: all made-up")),
            ("make test-e2e: tests/check.sh has no 'tests/e2e/run.py' any more", with_text("tests/check.sh", "tests/e2e/run.py", "x")),
            ("runs not all parts: made_up", with_text("bench/relay.py", "def part_million", "def part_made_up(): pass\n\ndef part_million")),
            ("bench/relay.py runs not all parts: million", with_text("bench/relay.py", ", part_million,", ",")),
            ("the parts differ: made-up", with_text("tests/stress/README.md", "| `storm`", "| `made-up` | |\n| `storm`")),
            ("the parts differ: made-up", texts | {"tests/stress/part_x.py": "def part_made_up(world, table):"}),
            ("the targets differ: made-up", texts | {"tests/fuzz/x.cc": 'Register registered({"made-up", run'}),
            ("made_up is linked", with_text("Makefile", "$(eval $(call program,$(BUILD)/bench/talker,",
                                             "$(eval $(call program,$(BUILD)/bench/made_up,x,y))\n$(eval $(call program,$(BUILD)/bench/talker,")),
            *((f"{path}: nothing runs it", texts | {path: text}) for path, text in new.items())):
        said = holes(changed, RUNS)
        check(any(what in line for line in said), f"a made-up name is not noticed: {what}; said: {said}")
    said = holes(texts, {name: row for name, row in RUNS.items() if name != "micro"})
    check(said == ["make micro: no short run"], f"a row that is missing is not noticed: {said}")
    check("x: a row of the table that nothing names" in holes(texts, RUNS | {"x": (CHECK, None)}), "a row too many is not noticed")


def names():
    texts = files()
    found = holes(texts, RUNS)
    check(not found, "\n".join(found))
    proofs(texts)


def main():
    words = sys.argv[1:]
    stage = CI if words[:1] == [CI] else CHECK
    wanted = words[1:] if stage == CI else words
    todo = [("names", names)] if stage == CHECK else []
    todo += [(name, what) for name, (where, what) in RUNS.items() if where == stage]
    counts = {"ok": 0, "FAIL": 0, "SKIPPED": 0}
    for name, function in todo:
        if wanted and not any(w in name for w in wanted):
            continue
        began, result, text = time.monotonic(), "ok", ""
        try:
            function()
        except Skip as reason:
            result, text = "SKIPPED", f": {reason}"
        except (Failure, OSError, subprocess.SubprocessError, LookupError, TypeError, ValueError) as error:
            result, text = "FAIL", f": {type(error).__name__}: {error}"
        counts[result] += 1
        print(f"{result} short: {name} ({time.monotonic() - began:.0f} s){text}", flush=True)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed" + (f", {counts['SKIPPED']} skipped" if counts["SKIPPED"] else ""))
    return counts["FAIL"] != 0 or not counts["ok"]


if __name__ == "__main__":
    sys.exit(main())
