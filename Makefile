# SIMS: build, test, install. `make help` lists the targets.
#
# Objects go to build/$(VARIANT); BUILD=DIR moves them. Each room of src/rooms.mk is one static library, each folder
# under tests/ with sources one doctest program, linked only with the rooms that it may use.

VARIANT ?= release
BUILD   ?= build/$(VARIANT)
PREFIX  ?= /usr/local
CXX      = g++

include src/rooms.mk
PROGRAMS := simsd simsctl sims sims-tui
# The file VERSION holds the number. In a clone, a commit without the tag of that number adds its hash
# (0.1.0+git1a2b3c4d5e6f), and uncommitted changes add ".dirty". Git refuses root in a user's clone unless it is called safe.
# `make dist` writes the whole version into its archive's file; a plain `git archive` leaves the file out.
GIT      := $(if $(wildcard .git),git -c safe.directory='$(CURDIR)')
NUMBER   := $(or $(file <VERSION),unknown)
OFF_TAG  := $(if $(GIT),$(if $(filter v$(NUMBER),$(shell $(GIT) tag --points-at HEAD 2>/dev/null)),,$\
              $(shell $(GIT) rev-parse --short=12 HEAD 2>/dev/null)))
DIRTY    := $(if $(GIT),$(shell $(GIT) diff --quiet HEAD -- 2>/dev/null || echo dirty))
RELEASE  := $(NUMBER)$(addprefix +git,$(OFF_TAG))
# `make check` fixes SIMS_VERSION for its own makes: an edit meanwhile must not link the programs again under the tests.
VERSION  := $(or $(SIMS_VERSION),$(RELEASE)$(if $(DIRTY),$(if $(OFF_TAG),.,+)dirty))

# Debian packages: to build and test; for a few tests, which are skipped without them; for `make lint`, `make fuzz`, `make
# valgrind` and `make boot-check`.
DEPS := g++ make git pkg-config libuv1-dev libcrypto++-dev rapidjson-dev doctest-dev libfmt-dev libcli11-dev \
        libtomlplusplus-dev libsqlite3-dev libsystemd-dev libseccomp-dev libutf8proc-dev libqrencode-dev libexpected-dev libncurses-dev \
        robin-map-dev libbenchmark-dev libvterm-dev python3-cryptography-vectors mandoc tmux python3 python3-cryptography
TEST_DEPS := systemd zsh fish
LINT_DEPS := clang-16 clang-tidy clang-format shellcheck codespell mandoc
FUZZ_DEPS := clang libclang-rt-14-dev
VALGRIND_DEPS := valgrind
BOOT_DEPS := mmdebstrap systemd-container

# Work in parallel unless told otherwise with -j.
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

# --- flags ------------------------------------------------------------------------------------------------------------

OPT_release := -O2
OPT_debug   := -O0 -g3 -D_GLIBCXX_ASSERTIONS
# Without null: AddressSanitizer reports the use of a null pointer, and each check costs compile time.
OPT_asan    := -O1 -g1 -D_GLIBCXX_ASSERTIONS -fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=all \
               -fno-omit-frame-pointer
OPT_tsan    := -O1 -g1 -fsanitize=thread
OPT_cov     := -O0 -g --coverage -fprofile-update=atomic
# Only for `make fuzz`, with clang++.
OPT_fuzz    := -O1 -g -D_GLIBCXX_ASSERTIONS -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
               -fsanitize-ignorelist=tests/fuzz/ignore.txt
# Added for the tests' own code, most of which runs once: compiling doctest's macros is what costs time. The tested code
# keeps the flags above. _FORTIFY_SOURCE needs -O1.
TEST_OPT_release := -O0 -U_FORTIFY_SOURCE
TEST_OPT_asan    := -O0 -fno-sanitize=undefined
TEST_OPT_tsan    := -O0
TEST_OPT := $(TEST_OPT_$(VARIANT))
ifndef OPT_$(VARIANT)
$(error VARIANT=$(VARIANT): there are release, debug, asan, tsan and cov)
endif

WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
# The processor checks indirect jumps and returns where it can. Debian's crt1.o is not marked for IBT, so no program is. It
# fits a shadow stack, and -z shstk marks the program so.
MACHINE := $(shell $(CXX) -dumpmachine 2>/dev/null)
CF_x86  := $(filter x86_64-%,$(MACHINE))
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fPIE $(if $(filter release,$(VARIANT)),-D_FORTIFY_SOURCE=2) \
           $(if $(CF_x86),-fcf-protection) $(if $(filter aarch64-%,$(MACHINE)),-mbranch-protection=standard)
# No output names the folder of the build: tests/reproducible.sh.
HARDEN  += -ffile-prefix-map=$(CURDIR)=.
LIBRARIES := libuv libcrypto++ fmt ncursesw libutf8proc libqrencode sqlite3 libsystemd libseccomp
FOUND   := $(shell pkg-config --exists $(LIBRARIES) 2>/dev/null && echo yes)

comma := ,
# CXXFLAGS, CPPFLAGS and LDFLAGS from the command line or the environment come after ours.
cxxflags = -std=c++20 $(OPT_$(VARIANT)) $(WARN) $(HARDEN) -pthread $(CXXFLAGS)
cppflags = -Isrc -Itests $(if $(FOUND),$(shell pkg-config --cflags $(LIBRARIES))) $(CPPFLAGS)
ldflags  = $(filter -fsanitize% --coverage,$(OPT_$(VARIANT))) -pie -pthread -Wl,-z,relro,-z,now$(if $(CF_x86),$(comma)-z$(comma)shstk) $(LDFLAGS)
COMPILE := $(CXX) $(cppflags) $(cxxflags)
# Precompile the standard headers: parsing them takes a fifth of the time to compile everything. src/ and tests/ have one
# each, with their own flags and name: g++ 12 crashes on a precompiled header of another level of optimisation. With one it
# also gives false alarms about the bounds of std::string, since it forgets that the header is the system's; `make lint` and
# builds with ccache, which have no precompiled headers, keep those warnings.
PCH_WARN := -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict
PCH     := $(if $(findstring ccache,$(CXX)),,$(if $(filter g++ g++-%,$(CXX)),$(BUILD)/pch))
LINK    := $(CXX) $(ldflags)

LIBS_base          := -lfmt -lutf8proc
LIBS_os            := -lsqlite3
LIBS_crypto        := -lcryptopp
LIBS_net           := -luv
LIBS_server/daemon := -lsystemd -lseccomp
LIBS_tui/term      := -lncursesw
LIBS_tui/view      := -lqrencode

# Print short lines, or with V=1 whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $@')

# --- rooms ------------------------------------------------------------------------------------------------------------

# The rooms that a room links with, itself first: each before those that it needs.
$(foreach r,$(ROOMS),$(eval reach_$(r) := $(sort $(r) $(foreach s,$(patsubst %+,%,$(sees_$(r))),$(reach_$(s))))))
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
LINK_ORDER := $(call reverse,$(ROOMS))
below    = $(filter $(foreach r,$(1),$(reach_$(r))),$(LINK_ORDER))
dashed   = $(subst /,-,$(1))
archive  = $(BUILD)/lib$(dashed).a
archives = $(foreach r,$(call below,$(1)),$(call archive,$(r)))
libs     = $(foreach r,$(call below,$(1)),$(LIBS_$(r)))
objects  = $(patsubst %.cc,$(BUILD)/%.o,$(wildcard $(addsuffix /*.cc,$(1))))

# program: its path, its objects, the rooms that it uses, more libraries
define program
$(1): $(2) $$(call archives,$(3))
	@mkdir -p $$(@D)
	$$(call say,LINK)
	$$(Q)$$(LINK) $$^ $$(call libs,$(3)) $(4) -o $$@
endef

all: $(addprefix $(BUILD)/,$(PROGRAMS))

# Write a text to the target; its time changes only when the text does.
define stamp
	@mkdir -p $(@D)
	@printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' >$@
endef
$(BUILD)/flags: FORCE
ifneq ($(FOUND),yes)
	@echo "Libraries are missing ($(LIBRARIES)): run \`make deps\`." >&2; false
endif
	$(call stamp,$(COMPILE) $(TEST_OPT))
$(BUILD)/version: FORCE
	$(call stamp,$(VERSION))

$(BUILD)/pch/src.h $(BUILD)/pch/tests.h: src/precompiled.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,PCH )
	$(Q)$(COMPILE) $(if $(filter %/tests.h,$@),$(TEST_OPT)) -x c++-header $< -o $@.gch
	@cp $< $@

$(BUILD)/%.o: %.cc $(BUILD)/flags $(addprefix $(PCH),$(if $(PCH),/src.h /tests.h))
	@mkdir -p $(@D)
	$(call say,CXX )
	$(Q)$(COMPILE) $(OVER) $(if $(PCH),-include $(PCH)/$(or $(PRECOMPILED),src).h $(PCH_WARN)) $(DEFINES) -MMD -MP -c $< -o $@
$(BUILD)/tests/%.o: PRECOMPILED := tests
$(BUILD)/tests/%.o: OVER := $(TEST_OPT)
$(BUILD)/src/os/version.o: DEFINES := -DSIMS_VERSION='"$(VERSION)"'
$(BUILD)/src/os/version.o: $(BUILD)/version

# library: its path, its objects
define library
$(1): $(2)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,AR  )
	$(Q)ar rcsD $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call library,$(call archive,$(r)),$(call objects,src/$(r)))))

# --- programs ---------------------------------------------------------------------------------------------------------

$(eval $(call program,$(BUILD)/simsd,$(BUILD)/src/simsd.o,server/daemon))
$(eval $(call program,$(BUILD)/simsctl,$(BUILD)/src/simsctl.o,ctl))
$(eval $(call program,$(BUILD)/sims,$(BUILD)/src/sims.o,cli))
$(eval $(call program,$(BUILD)/sims-tui,$(BUILD)/src/sims_tui.o,tui/app))

# --- tests ------------------------------------------------------------------------------------------------------------

# Suites of several rooms. sim: relay and clients in one process. term: the programs, in terminals. fuzz: everything that
# takes foreign bytes.
uses_sim  := server/relay client/core client/store
uses_term := client/link tui/term
uses_fuzz := tui/app cli server/admin
more_term := -lvterm -lutil
TESTS := $(foreach t,$(ROOMS) sim fuzz term,$(if $(wildcard tests/$(t)/*.cc),$(t)))
# ThreadSanitizer finds something only where there are threads: the rooms that start some, or give work to the loop's, in
# src/ or in their tests. The suites that start whole programs (term, e2e, interop) run, too.
THREADED := $(foreach t,$(TESTS),$(if $(shell grep -lE 'std::(j?thread|async)\b|loop_?\.work' src/$(t)/*.cc src/$(t)/*.h tests/$(t)/*.cc 2>/dev/null),$(t)))
CHECKED  := $(if $(filter tsan,$(VARIANT)),$(THREADED) term,$(TESTS))
# Fixtures of another room's tests.
fixtures_client/holder := $(BUILD)/tests/client/core/relay.o $(BUILD)/tests/client/core/relay_mail.o
fixtures_tui/app       := $(BUILD)/tests/tui/ui/fixture.o
fixtures_fuzz          := $(BUILD)/tests/tui/ui/fixture.o $(BUILD)/tests/client/core/relay.o $(BUILD)/tests/client/core/relay_mail.o
TEST_MAIN := $(BUILD)/tests/support/main.o
SUPPORT   := $(BUILD)/libsupport.a
$(eval $(call library,$(SUPPORT),$(filter-out $(TEST_MAIN),$(call objects,tests/support))))
test_program = $(BUILD)/tests/$(dashed)_test
$(foreach t,$(TESTS),$(eval $(call program,$(call test_program,$(t)),$(call objects,tests/$(t)) $(fixtures_$(t)) $(TEST_MAIN) $(SUPPORT),$(or $(uses_$(t)),$(t)),$(more_$(t)))))

# The tests of a room: make test-proto-wire; of a room and those inside it: make test-proto. ONLY=part-of-a-name: some cases.
# SEED: of the simulation (tests/sim/seeds.h).
rooms_in = $(filter $(1) $(1)/%,$(TESTS))
define test_rule
test-$(call dashed,$(1)): $(foreach t,$(call rooms_in,$(1)),$(call test_program,$(t)))
	@for t in $$^; do case $$$$t in *_test) echo "$$$$t"; BUILD=$(BUILD) $(if $(SEED),SIMS_SEED='$(SEED)') $$$$t --no-colors $(if $(ONLY),--test-case='*$(ONLY)*') || exit 1;; esac; done
endef
TESTED := $(sort $(TESTS) $(foreach t,$(TESTS),$(firstword $(subst /, ,$(t)))))
$(foreach t,$(TESTED),$(eval $(call test_rule,$(t))))
test-term: all $(BUILD)/bench/talker

MEASURING := $(addprefix $(BUILD)/bench/,micro timing simsbench talker fill_store count_allocations.so count_syncs.so)
STRESS := $(addprefix $(BUILD)/,tests/stress/storm tests/stress/attack tests/stress/queue tests/stress/forgetful_disk.so tests/sim_test \
            bench/simsbench)

check: deps
	@scripts/deps.sh $(TEST_DEPS) || true
	@+$(MAKE) --no-print-directory SIMS_VERSION='$(VERSION)' check-programs
	@VARIANT=$(VARIANT) BUILD=$(BUILD) CXX='$(CXX)' SIMS_VERSION='$(VERSION)' tests/check.sh $(call dashed,$(CHECKED))
# The short runs start these; only the release has short runs.
check-programs: all $(BUILD)/bench/talker $(BUILD)/bench/simsbench $(BUILD)/tests/stress/queue $(foreach t,$(CHECKED),$(call test_program,$(t))) \
                $(if $(filter release,$(VARIANT)),$(MEASURING) $(STRESS))

# A short run of each target that has no test of its own: make short ONLY=bench. short-ci: those that .ci/run adds.
short: deps
	@+$(MAKE) --no-print-directory check-programs
	@VARIANT=$(VARIANT) BUILD=$(BUILD) CXX='$(CXX)' tests/short.py $(ONLY)
short-ci: deps
	@+$(MAKE) --no-print-directory check-programs
	@VARIANT=$(VARIANT) BUILD=$(BUILD) CXX='$(CXX)' tests/short.py ci $(ONLY)

# Some end-to-end tests: make test-e2e ONLY=wrong_server
test-e2e: all $(BUILD)/bench/simsbench $(BUILD)/tests/stress/queue $(BUILD)/tests/stress/forgetful_disk.so
	BUILD=$(BUILD) /usr/bin/python3 tests/e2e/run.py $(ONLY)

# A chat of the programs under valgrind's memcheck.
valgrind:
	@scripts/deps.sh $(DEPS) $(VALGRIND_DEPS)
	@+$(MAKE) --no-print-directory all
	BUILD=$(BUILD) /usr/bin/python3 tests/valgrind.py

# The systemd units in a small Debian that it makes and boots. Skipped where its tools are missing.
boot-check:
	@scripts/deps.sh $(DEPS) $(BOOT_DEPS) || true
	@+$(MAKE) --no-print-directory all
	BUILD=$(BUILD) CXX='$(CXX)' tests/boot.sh

# libFuzzer comes with clang. clang compiles its main() and links whatever CXX is, so tests/short.py can start each target
# from the release's objects, without compiling them all with clang.
FUZZ_CXX := $(if $(filter clang%,$(CXX)),$(CXX),clang++)
# Run a target of tests/fuzz for T seconds (FUZZ=list: their names). Its corpus stays in build/corpus/NAME for the next
# run; an input that breaks something is written beside it.
FUZZ ?= list
T    ?= 60
fuzz:
	@scripts/deps.sh $(DEPS) $(FUZZ_DEPS)
	@+$(MAKE) --no-print-directory CXX='$(if $(filter clang%,$(CXX)),$(CXX),clang++)' VARIANT=fuzz BUILD=build/fuzz build/fuzz/fuzz
	@[ '$(FUZZ)' = list ] || mkdir -p build/corpus/$(FUZZ)
	FUZZ=$(FUZZ) LSAN_OPTIONS=suppressions=tests/lsan.supp build/fuzz/fuzz -max_total_time=$(T) -max_len=4096 \
	  -timeout=20 -artifact_prefix=build/corpus/$(FUZZ)- build/corpus/$(FUZZ)
$(BUILD)/tests/fuzz/libfuzzer/main.o: tests/fuzz/libfuzzer/main.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX )
	$(Q)$(FUZZ_CXX) $(cppflags) $(cxxflags) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
$(eval $(call program,$(BUILD)/fuzz,$(filter-out %_test.o,$(call objects,tests/fuzz)) \
  $(BUILD)/tests/fuzz/libfuzzer/main.o $(fixtures_fuzz) $(SUPPORT),$(uses_fuzz)))
$(BUILD)/fuzz: LINK = $(FUZZ_CXX) $(ldflags) -fsanitize=fuzzer

# The relay's costs beside their goals: make bench RUNS=5 ONLY=messages PEERS=folder; only the micro-benchmarks: make micro
# BENCH=--benchmark_filter=hop. With SHORT=1 bench, bench-tui and stress only show that each of their parts runs.
bench: deps
	@+$(MAKE) --no-print-directory all $(addprefix $(BUILD)/bench/,micro simsbench count_allocations.so count_syncs.so)
	BUILD=$(BUILD) RUNS='$(RUNS)' ONLY='$(ONLY)' PEERS='$(PEERS)' BEFORE='$(BEFORE)' SHORT='$(SHORT)' /usr/bin/python3 bench/relay.py
micro: deps
	@+$(MAKE) --no-print-directory $(BUILD)/bench/micro
	$(BUILD)/bench/micro $(BENCH)
$(eval $(call program,$(BUILD)/bench/micro,$(addprefix $(BUILD)/bench/,micro.o micro_client.o micro_mailbox.o),server/relay client/core client/store,-lbenchmark))
# Timing side channels: make timing TIMES=0.1 (a tenth of the measurements)
timing: deps
	@+$(MAKE) --no-print-directory $(BUILD)/bench/timing
	$(BUILD)/bench/timing $(TIMES)
$(eval $(call program,$(BUILD)/bench/timing,$(BUILD)/bench/timing.o $(SUPPORT),server/relay))
$(eval $(call program,$(BUILD)/bench/simsbench,$(addprefix $(BUILD)/bench/,simsbench.o letter_load.o login_load.o load_client.o),proto/session))
$(addprefix $(BUILD)/bench/,count_allocations.so count_syncs.so): $(BUILD)/bench/%.so: bench/%.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX )
	$(Q)$(COMPILE) -fPIC -shared $< -o $@
$(eval $(call program,$(BUILD)/bench/talker,$(BUILD)/bench/talker.o,client/link))
$(eval $(call program,$(BUILD)/bench/fill_store,$(BUILD)/bench/fill_store.o,client/store))

# Faults, load and attack, each figure beside its limit: make stress ONLY=part-of-a-name (tests/stress/README.md)
stress: deps
	@+$(MAKE) --no-print-directory all $(STRESS)
	BUILD=$(BUILD) SHORT='$(SHORT)' /usr/bin/python3 tests/stress/stress.py $(ONLY)
$(addprefix $(BUILD)/tests/stress/,storm.o attack.o): DEFINES := -Ibench
$(foreach p,storm attack,$(eval $(call program,$(BUILD)/tests/stress/$(p),\
  $(BUILD)/tests/stress/$(p).o $(BUILD)/bench/load_client.o,proto/session os)))
$(eval $(call program,$(BUILD)/tests/stress/queue,$(BUILD)/tests/stress/queue.o,client/store))
$(BUILD)/tests/stress/forgetful_disk.so: tests/stress/forgetful_disk.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX )
	$(Q)$(COMPILE) -fPIC -shared $< -o $@

# The terminal client's costs, beside other clients that are installed: make bench-tui RUNS=5
bench-tui: deps
	@+$(MAKE) --no-print-directory all $(BUILD)/bench/talker $(BUILD)/bench/fill_store
	BUILD=$(BUILD) SHORT='$(SHORT)' /usr/bin/python3 bench/tui.py $(RUNS)

# --- the first minutes ------------------------------------------------------------------------------------------------

deps:
	@scripts/deps.sh $(DEPS)

demo: deps
	@+$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) SCRIPT='$(SCRIPT)' scripts/demo.sh

# --- source code ------------------------------------------------------------------------------------------------------

# Files that must not compile are looked at by tests/must_not_compile.sh alone.
CODE := $(filter-out tests/proto/must_not_compile/%,$(wildcard src/*.cc src/*/*.cc src/*/*/*.cc tests/*/*.cc tests/*/*/*.cc bench/*.cc))

# All of it, or clang-tidy of less: make lint SINCE=commit MINUTES=4. Debian's default clang, 14, does not know yet that a
# lambda may capture a structured binding.
lint:
	@scripts/deps.sh $(DEPS) $(LINT_DEPS)
	@+$(MAKE) --no-print-directory compile_commands.json
	SINCE='$(SINCE)' MINUTES='$(MINUTES)' SYNTAX="clang++-16 -fsyntax-only -Werror -std=c++20 $(cppflags) $$(pkg-config --cflags $(LIBRARIES)) -Ibench $(WARN) -pthread" \
	  scripts/lint.sh

format:
	@scripts/deps.sh $(LINT_DEPS)
	clang-format -i $$(find src tests bench -name '*.cc' -o -name '*.h')

compile_commands.json: FORCE
	@for f in $(CODE); do printf '%s{"directory":"%s","file":"%s","command":"%s -c %s"}\n' \
	  "$$comma" '$(CURDIR)' $$f '$(filter-out ccache,$(COMPILE))' $$f; comma=,; done | { echo '['; cat; echo ']'; } >$@

# A second build in another folder gives the same programs: tests/reproducible.sh.
reproducible: all
	@VARIANT=$(VARIANT) BUILD=$(BUILD) tests/reproducible.sh $(PROGRAMS)

# --- releases ---------------------------------------------------------------------------------------------------------

BINDIR  := $(DESTDIR)$(PREFIX)/bin
SBINDIR := $(DESTDIR)$(PREFIX)/sbin
MANDIR  := $(DESTDIR)$(PREFIX)/share/man
DOCDIR  := $(DESTDIR)$(PREFIX)/share/doc/sims
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
MANUALS := $(wildcard man/*.[1-8])
# The folder and file name where each shell looks for a package's completions.
SHAREDIR    := $(DESTDIR)$(PREFIX)/share
bash_file    = $(SHAREDIR)/bash-completion/completions/$(1)
zsh_file     = $(SHAREDIR)/zsh/site-functions/_$(1)
fish_file    = $(SHAREDIR)/fish/vendor_completions.d/$(1).fish
# Files that README.md links to keep their place beside it.
DOCS    := README.md ARCHITECTURE.md HACKING.md CHANGELOG.md SECURITY.md ATTACKS.md bench/README.md contrib/simsd.conf \
        $(wildcard docs/decisions/*.md contrib/systemd/*.example contrib/systemd/simsd.service.d/*.example)
# The unit reads /etc/simsd.conf. With a private PREFIX nothing outside of it is written. An existing file belongs to the
# administrator and stays.
SYSCONFDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),,$(PREFIX))/etc
CONFFILE := $(DESTDIR)$(SYSCONFDIR)/simsd.conf

install-completions:
	for p in $(PROGRAMS); do \
	  install -D -m 644 contrib/completions/$$p.bash $(call bash_file,$$p) && \
	  install -D -m 644 contrib/completions/$$p.zsh $(call zsh_file,$$p) && \
	  install -D -m 644 contrib/completions/$$p.fish $(call fish_file,$$p) || exit 1; \
	done

install: all install-completions
	install -D -t $(BINDIR) $(BUILD)/sims $(BUILD)/sims-tui
	install -D -t $(SBINDIR) $(BUILD)/simsd $(BUILD)/simsctl
	for m in $(MANUALS); do install -D -m 644 -t $(MANDIR)/man$${m##*.} $$m; done
	for d in $(DOCS); do install -D -m 644 $$d $(DOCDIR)/$$d; done
	install -d $(DOCDIR)/man $(UNITDIR)
	for m in $(MANUALS); do ln -sf ../../../man/man$${m##*.}/$${m##*/} $(DOCDIR)/man; done
	sed 's|/usr/local/sbin/simsd|$(PREFIX)/sbin/simsd|; s|/etc/simsd.conf|$(SYSCONFDIR)/simsd.conf|' \
	  contrib/systemd/simsd.service >$(UNITDIR)/simsd.service
	chmod 644 $(UNITDIR)/simsd.service
	install -m 644 -t $(UNITDIR) contrib/systemd/simsd.socket
	test -e $(CONFFILE) || install -D -m 644 contrib/simsd.conf $(CONFFILE)

uninstall-completions:
	rm -f $(foreach p,$(PROGRAMS),$(foreach s,bash zsh fish,$(call $(s)_file,$(p))))

uninstall: uninstall-completions
	rm -f $(BINDIR)/sims $(BINDIR)/sims-tui $(SBINDIR)/simsd $(SBINDIR)/simsctl
	rm -f $(UNITDIR)/simsd.service $(UNITDIR)/simsd.socket
	rm -f $(foreach m,$(MANUALS),$(MANDIR)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m)))
	rm -rf $(DOCDIR)
	! cmp -s contrib/simsd.conf $(CONFFILE) || rm -f $(CONFFILE)

release := sims-$(RELEASE)
# The archive holds HEAD, and HEAD's version in VERSION, so it builds without git (tests/reproducible.sh).
dist:
	@[ -n '$(GIT)' ] || { echo 'make dist: this is no git clone, and an archive is made of a commit' >&2; false; }
	@mkdir -p build
	git archive --format=tar.gz --prefix=$(release)/ --add-virtual-file=$(release)/VERSION:$(RELEASE) \
	  -o build/$(release).tar.gz HEAD
	@echo build/$(release).tar.gz

clean:
	rm -rf build compile_commands.json

help:
	@echo "make                  build simsd, simsctl, sims and sims-tui into build/release"
	@echo "make demo             alice and bob talk in two panes of tmux (SCRIPT=1: plays by itself, prints the screens)"
	@echo "make check            run every test; the last line counts"
	@echo "make test-ROOM        the unit tests of one room, or of all rooms of a layer, or of a suite; the rooms are:"
	@echo "$(call dashed,$(TESTED))" | fold -s -w 96 | sed 's/^/                      /'
	@echo "                      (ONLY=part-of-a-name: some cases; SEED=N: the simulation replays that seed, make test-sim SEED=N)"
	@echo "make short, short-ci  a short run of each target that has no test of its own (check and .ci/run do that; ONLY=...)"
	@echo "make test-e2e         the end-to-end tests (ONLY=part-of-a-name: some of them)"
	@echo "make fuzz             run a target of tests/fuzz under libFuzzer: FUZZ=name T=seconds (FUZZ=list: the names)"
	@echo "make valgrind         a chat of the programs under valgrind's memcheck"
	@echo "make boot-check       the systemd units in a small Debian that it makes and boots: some minutes, as root"
	@echo "make bench, bench-tui measure relay and terminal client, beside their goals (SHORT=1: only that they run)"
	@echo "make stress           faults, load and attack at full size, each figure beside its limit (ONLY=part-of-a-name)"
	@echo "make micro            the micro-benchmarks (BENCH=--benchmark_filter=...)"
	@echo "make timing           look for timing side channels in comparisons, RSA and the relay (TIMES=0.1: quicker)"
	@echo "make deps             install the Debian packages that are missing (demo, check and bench do it by themselves)"
	@echo "make install          into PREFIX=/usr/local, below DESTDIR; make uninstall removes it (both keep a changed"
	@echo "                      simsd.conf)"
	@echo "make lint, format     every static check (SINCE=commit MINUTES=4: clang-tidy only of changed files, for so long); clang-format"
	@echo "make reproducible     build the programs again in another folder and compare them"
	@echo "make dist             write a release archive of HEAD"
	@echo "make compile_commands.json, clean, help"
	@echo
	@echo "VARIANT=release|debug|asan|tsan|cov   with any of them, e.g. make VARIANT=asan check"

ifeq ($(filter help clean deps dist uninstall install-completions uninstall-completions format,$(MAKECMDGOALS)),)
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
endif

FORCE:
.PHONY: all check check-programs short short-ci test-e2e valgrind boot-check fuzz bench micro timing bench-tui stress deps demo lint format reproducible install uninstall dist \
        clean help FORCE \
        install-completions uninstall-completions \
        $(addprefix test-,$(call dashed,$(TESTED)))
