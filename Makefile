# SIMS: build, test, install. `make help` lists the targets.
#
# Objects go to build/$(VARIANT); BUILD=DIR moves them. Each folder under src/ is one static library, each folder
# under tests/ with sources one doctest program, linked only with the layers that it may use.

VARIANT ?= release
BUILD   ?= build/$(VARIANT)
PREFIX  ?= /usr/local
CXX      = g++

LAYERS   := base crypto proto net server client cli tui
PROGRAMS := simsd simsctl sims sims-tui
# A release tarball carries a file VERSION; a clone asks git, which would tell root nothing about a user's clone: who
# runs this file trusts the rest.
VERSION  := $(shell cat VERSION 2>/dev/null || \
              git -c safe.directory='$(CURDIR)' describe --tags --always --dirty 2>/dev/null || echo unknown)

# Debian packages: to build and test; what a few tests look at the rest with, and skip without; what `make lint`, `make
# fuzz` and `make valgrind` need besides.
DEPS := g++ make git pkg-config libuv1-dev libcrypto++-dev rapidjson-dev doctest-dev libfmt-dev libcli11-dev \
        libtomlplusplus-dev libsqlite3-dev libsystemd-dev libseccomp-dev libutf8proc-dev libqrencode-dev libexpected-dev libncurses-dev \
        robin-map-dev libbenchmark-dev libvterm-dev python3-cryptography-vectors mandoc tmux python3 python3-cryptography
TEST_DEPS := systemd zsh fish
LINT_DEPS := clang-tidy clang-format
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
OPT_asan    := -O1 -g1 -D_GLIBCXX_ASSERTIONS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan    := -O1 -g1 -fsanitize=thread
OPT_cov     := -O0 -g --coverage -fprofile-update=atomic
# Of `make fuzz` alone, with clang++.
OPT_fuzz    := -O1 -g -D_GLIBCXX_ASSERTIONS -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
               -fsanitize-ignorelist=tests/fuzz/ignore.txt
# Over these for the tests' own code, most of which runs once: doctest's macros under two sanitizers cost the compiler three
# times as long with -O1 as with -O0. What is tested keeps the flags above.
TEST_OPT_release := -O1
TEST_OPT_asan    := -O0
TEST_OPT_tsan    := -O0
ifndef OPT_$(VARIANT)
$(error VARIANT=$(VARIANT): there are release, debug, asan, tsan and cov)
endif

WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
# Indirect jumps and returns, where the processor checks them. Debian's crt1.o is not marked for IBT, so that no program
# is; its return addresses fit a shadow stack, and -z shstk says so.
MACHINE := $(shell $(CXX) -dumpmachine 2>/dev/null)
CF_x86  := $(filter x86_64-%,$(MACHINE))
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fPIE $(if $(filter release,$(VARIANT)),-D_FORTIFY_SOURCE=2) \
           $(if $(CF_x86),-fcf-protection) $(if $(filter aarch64-%,$(MACHINE)),-mbranch-protection=standard)
# Nothing of what is built names the folder that it is built in: tests/reproducible.sh.
HARDEN  += -ffile-prefix-map=$(CURDIR)=.
LIBRARIES := libuv libcrypto++ fmt ncursesw libutf8proc libqrencode sqlite3 libsystemd libseccomp
FOUND   := $(shell pkg-config --exists $(LIBRARIES) 2>/dev/null && echo yes)

comma := ,
# CXXFLAGS, CPPFLAGS and LDFLAGS from the command line or the environment are added to ours.
cxxflags = -std=c++20 $(OPT_$(VARIANT)) $(WARN) $(HARDEN) -pthread $(CXXFLAGS)
cppflags = -Isrc -Itests $(if $(FOUND),$(shell pkg-config --cflags $(LIBRARIES))) $(CPPFLAGS)
ldflags  = $(filter -fsanitize% --coverage,$(OPT_$(VARIANT))) -pie -pthread -Wl,-z,relro,-z,now$(if $(CF_x86),$(comma)-z$(comma)shstk) $(LDFLAGS)
COMPILE := $(CXX) $(cppflags) $(cxxflags)
TEST_OPT := $(TEST_OPT_$(VARIANT))
LINK    := $(CXX) $(ldflags)

LIBS_base   := -lfmt -lutf8proc -lsqlite3
LIBS_crypto := -lcryptopp
LIBS_net    := -luv
LIBS_server := -lsystemd -lseccomp
LIBS_tui    := -lncursesw -lqrencode
LIBS_term   := -lvterm -lutil
libs = $(foreach l,$(1),$(LIBS_$(l)))

# Short lines, or with V=1 the whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $@')

# --- objects and libraries --------------------------------------------------------------------------------------------

objects = $(patsubst %.cc,$(BUILD)/%.o,$(wildcard $(1)/*.cc))
# A layer's folder and the rooms in it.
layer_objects = $(call objects,src/$(1)) $(call objects,src/$(1)/*)
archive = $(BUILD)/lib$(1).a
archives = $(foreach l,$(1),$(call archive,$(l)))

all: $(addprefix $(BUILD)/,$(PROGRAMS))

# Files that hold a text and change only when the text does.
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

$(BUILD)/%.o: %.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX )
	$(Q)$(COMPILE) $(OVER) $(DEFINES) -MMD -MP -c $< -o $@
$(BUILD)/tests/%.o: OVER := $(TEST_OPT)
$(BUILD)/src/base/version.o: DEFINES := -DSIMS_VERSION='"$(VERSION)"'
$(BUILD)/src/base/version.o: $(BUILD)/version

define layer_rule
$(call archive,$(1)): $$(call layer_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,AR  )
	$(Q)ar rcsD $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

# --- programs ---------------------------------------------------------------------------------------------------------

# What a layer may link with: itself and what is below it, in link order.
below_base   := base
below_crypto := crypto base
below_proto  := proto crypto base
below_net    := net proto crypto base
below_server := server net proto crypto base
below_client := client net proto crypto base
below_cli    := cli client net proto crypto base
below_tui    := tui client net proto crypto base
below_sim    := server client net proto crypto base
below_term   := client net proto crypto base
below_fuzz   := tui cli client server net proto crypto base

$(BUILD)/simsd: $(BUILD)/src/simsd.o $(call archives,$(below_server))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_server)) -o $@
$(BUILD)/simsctl: $(BUILD)/src/simsctl.o $(call archives,$(below_server))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_server)) -o $@
$(BUILD)/sims: $(BUILD)/src/sims.o $(call archives,$(below_cli))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_cli)) -o $@
$(BUILD)/sims-tui: $(BUILD)/src/sims_tui.o $(call archives,$(below_tui))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_tui)) -o $@

# --- tests ------------------------------------------------------------------------------------------------------------

# term: the programs themselves, in terminals. fuzz: all that takes bytes from others, with any bytes.
TESTS := $(foreach t,$(LAYERS) sim fuzz term,$(if $(wildcard tests/$(t)/*.cc),$(t)))
also_fuzz := $(BUILD)/tests/tui/fixture.o $(BUILD)/tests/client/relay.o
define test_rule
$(BUILD)/tests/$(1)_test: $$(call objects,tests/$(1)) $$(also_$(1)) $$(call objects,tests/support) $$(call archives,$$(below_$(1)))
	$$(call say,LINK)
	$(Q)$(LINK) $$^ $$(call libs,$$(below_$(1)) $(1)) -o $$@
test-$(1): $(BUILD)/tests/$(1)_test
	BUILD=$(BUILD) $$< --no-colors
endef
$(foreach t,$(TESTS),$(eval $(call test_rule,$(t))))
test-term: all $(BUILD)/bench/talker

MEASURING := $(addprefix $(BUILD)/bench/,micro timing simsbench talker fill_store count_allocations.so)
STRESS := $(addprefix $(BUILD)/,tests/stress/storm tests/stress/attack tests/stress/queue tests/sim_test bench/simsbench)

check: deps
	@scripts/deps.sh $(TEST_DEPS) || true
	@+$(MAKE) --no-print-directory check-programs
	@VARIANT=$(VARIANT) BUILD=$(BUILD) CXX='$(CXX)' tests/check.sh $(TESTS)
# What the short runs start is built with the rest: only the release has them.
check-programs: all $(BUILD)/bench/talker $(BUILD)/bench/simsbench $(BUILD)/tests/stress/queue $(foreach t,$(TESTS),$(BUILD)/tests/$(t)_test) \
                $(if $(filter release,$(VARIANT)),$(MEASURING) $(STRESS))

# What of this file has no test of its own, for a moment each: make short ONLY=bench; short-ci: what .ci/run adds
short: deps
	@+$(MAKE) --no-print-directory check-programs
	@VARIANT=$(VARIANT) BUILD=$(BUILD) CXX='$(CXX)' tests/short.py $(ONLY)
short-ci: deps
	@+$(MAKE) --no-print-directory check-programs
	@VARIANT=$(VARIANT) BUILD=$(BUILD) CXX='$(CXX)' tests/short.py ci $(ONLY)

# One end-to-end test or a few: make test-e2e ONLY=wrong_server
test-e2e: all $(BUILD)/bench/simsbench $(BUILD)/tests/stress/queue
	BUILD=$(BUILD) /usr/bin/python3 tests/e2e/run.py $(ONLY)

# A chat of the programs under valgrind's memcheck.
valgrind:
	@scripts/deps.sh $(DEPS) $(VALGRIND_DEPS)
	@+$(MAKE) --no-print-directory all
	BUILD=$(BUILD) /usr/bin/python3 tests/valgrind.py

# The units in a small Debian that is made for it and booted. Without what it needs it is skipped.
boot-check:
	@scripts/deps.sh $(DEPS) $(BOOT_DEPS) || true
	@+$(MAKE) --no-print-directory all
	BUILD=$(BUILD) CXX='$(CXX)' tests/boot.sh

# libFuzzer comes with clang. Its main() and its link are clang's whatever CXX is: so tests/short.py starts each target from
# objects of a release, without compiling all of them with clang.
FUZZ_CXX := $(if $(filter clang%,$(CXX)),$(CXX),clang++)
# A target of tests/fuzz for so many seconds (FUZZ=list: their names). What it finds stays in build/corpus/NAME, where
# it goes on from the next time; an input that breaks something is written beside it.
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
$(BUILD)/fuzz: $(filter-out %_test.o,$(call objects,tests/fuzz)) $(BUILD)/tests/fuzz/libfuzzer/main.o $(also_fuzz) \
               $(filter-out %/main.o,$(call objects,tests/support)) $(call archives,$(below_fuzz))
	$(call say,LINK)
	$(Q)$(FUZZ_CXX) $(ldflags) -fsanitize=fuzzer $^ $(call libs,$(below_fuzz)) -o $@

# What the relay costs, beside its goals: make bench RUNS=5 ONLY=messages PEERS=folder; the micro-benchmarks alone: make
# micro BENCH=--benchmark_filter=hop. With SHORT=1 bench, bench-tui and stress only show that each of their parts runs.
bench: deps
	@+$(MAKE) --no-print-directory all $(addprefix $(BUILD)/bench/,micro simsbench count_allocations.so)
	BUILD=$(BUILD) RUNS='$(RUNS)' ONLY='$(ONLY)' PEERS='$(PEERS)' SHORT='$(SHORT)' /usr/bin/python3 bench/relay.py
micro: deps
	@+$(MAKE) --no-print-directory $(BUILD)/bench/micro
	$(BUILD)/bench/micro $(BENCH)
$(BUILD)/bench/micro: $(BUILD)/bench/micro.o $(call archives,$(below_sim))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_sim)) -lbenchmark -o $@
# Whether time tells what it should not: make timing TIMES=0.1 (of the measurements)
timing: deps
	@+$(MAKE) --no-print-directory $(BUILD)/bench/timing
	$(BUILD)/bench/timing $(TIMES)
$(BUILD)/bench/timing: $(BUILD)/bench/timing.o $(BUILD)/tests/support/vectors.o $(call archives,$(below_server))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_server)) -o $@
$(BUILD)/bench/simsbench: $(BUILD)/bench/simsbench.o $(BUILD)/bench/login_load.o $(BUILD)/bench/load_client.o $(call archives,$(below_proto))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_proto)) -o $@
$(BUILD)/bench/count_allocations.so: bench/count_allocations.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX )
	$(Q)$(COMPILE) -fPIC -shared $< -o $@
$(BUILD)/bench/talker: $(BUILD)/bench/talker.o $(call archives,$(below_client))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_client)) -o $@
$(BUILD)/bench/fill_store: $(BUILD)/bench/fill_store.o $(call archives,$(below_client))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_client)) -o $@

# Faults, load and attack, each figure beside its limit: make stress ONLY=part-of-a-name (tests/stress/README.md)
stress: deps
	@+$(MAKE) --no-print-directory all $(STRESS)
	BUILD=$(BUILD) SHORT='$(SHORT)' /usr/bin/python3 tests/stress/stress.py $(ONLY)
$(addprefix $(BUILD)/tests/stress/,storm.o attack.o): DEFINES := -Ibench
$(addprefix $(BUILD)/tests/stress/,storm attack): %: %.o $(BUILD)/bench/load_client.o $(call archives,$(below_proto))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_proto)) -o $@
$(BUILD)/tests/stress/queue: $(BUILD)/tests/stress/queue.o $(call archives,$(below_client))
	$(call say,LINK)
	$(Q)$(LINK) $^ $(call libs,$(below_client)) -o $@

# What the terminal client costs, beside others that are installed: make bench-tui RUNS=5
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

CODE := $(wildcard src/*.cc src/*/*.cc src/*/*/*.cc tests/*/*.cc tests/*/*/*.cc bench/*.cc)
HEADERS := $(wildcard src/*/*.h src/*/*/*.h tests/*/*.h bench/*.h)

# All of it, or: make lint SINCE=commit MINUTES=4
lint: compile_commands.json
	@scripts/deps.sh $(DEPS) $(LINT_DEPS)
	SINCE='$(SINCE)' MINUTES='$(MINUTES)' scripts/lint.sh

format:
	@scripts/deps.sh $(LINT_DEPS)
	clang-format -i $(CODE) $(HEADERS)

compile_commands.json: FORCE
	@for f in $(CODE); do printf '%s{"directory":"%s","file":"%s","command":"%s -c %s"}\n' \
	  "$$comma" '$(CURDIR)' $$f '$(filter-out ccache,$(COMPILE))' $$f; comma=,; done | { echo '['; cat; echo ']'; } >$@

# The programs, built once more elsewhere, are the same: tests/reproducible.sh.
reproducible: all
	@VARIANT=$(VARIANT) BUILD=$(BUILD) tests/reproducible.sh $(PROGRAMS)

# --- releases ---------------------------------------------------------------------------------------------------------

BINDIR  := $(DESTDIR)$(PREFIX)/bin
SBINDIR := $(DESTDIR)$(PREFIX)/sbin
MANDIR  := $(DESTDIR)$(PREFIX)/share/man
DOCDIR  := $(DESTDIR)$(PREFIX)/share/doc/sims
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
MANUALS := $(wildcard man/*.[1-8])
# Where each shell looks for what a package brings, and what it calls it.
SHAREDIR    := $(DESTDIR)$(PREFIX)/share
bash_file    = $(SHAREDIR)/bash-completion/completions/$(1)
zsh_file     = $(SHAREDIR)/zsh/site-functions/_$(1)
fish_file    = $(SHAREDIR)/fish/vendor_completions.d/$(1).fish
# What README.md leads to keeps its place beside it.
DOCS    := README.md ARCHITECTURE.md CHANGELOG.md SECURITY.md ATTACKS.md bench/README.md contrib/simsd.conf \
        $(wildcard contrib/systemd/*.example contrib/systemd/simsd.service.d/*.example)
# The file that the unit reads: /etc/simsd.conf, but nothing outside of a PREFIX that is somebody's own. Once it is
# there it is the administrator's.
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

release := sims-$(VERSION:-dirty=)
dist:
	@mkdir -p build
	git archive --format=tar.gz --prefix=$(release)/ --add-virtual-file=$(release)/VERSION:$(VERSION:-dirty=) \
	  -o build/$(release).tar.gz HEAD
	@echo build/$(release).tar.gz

clean:
	rm -rf build compile_commands.json

help:
	@echo "make                  build simsd, simsctl, sims and sims-tui into build/release"
	@echo "make demo             alice and bob talk in two panes of tmux (SCRIPT=1: plays by itself, prints the screens)"
	@echo "make check            everything that is tested; the last line counts"
	@echo "make test-LAYER       the unit tests of one of: $(TESTS)"
	@echo "make short, short-ci  a short run of each target that has no test of its own (check and .ci/run do that; ONLY=...)"
	@echo "make test-e2e         the end-to-end tests (ONLY=part-of-a-name: some of them)"
	@echo "make fuzz             a target of tests/fuzz under libFuzzer: FUZZ=name T=seconds (FUZZ=list: the names)"
	@echo "make valgrind         a chat of the programs under valgrind's memcheck"
	@echo "make boot-check       the systemd units in a small Debian that it makes and boots: some minutes, as root"
	@echo "make bench, bench-tui what the relay and the terminal client cost, beside their goals (SHORT=1: only that they run)"
	@echo "make stress           faults, load and attack at full size, each figure beside its limit (ONLY=part-of-a-name)"
	@echo "make micro            the micro-benchmarks (BENCH=--benchmark_filter=...)"
	@echo "make timing           whether comparisons, RSA and the relay take as long whatever they find (TIMES=0.1: quicker)"
	@echo "make deps             install the Debian packages that are missing (demo, check and bench do it by themselves)"
	@echo "make install          into PREFIX=/usr/local, below DESTDIR; make uninstall takes it away (both leave alone a"
	@echo "                      simsd.conf that was changed)"
	@echo "make lint, format     clang-tidy and clang-format (SINCE=commit MINUTES=4: clang-tidy only of what changed, so long)"
	@echo "make reproducible     builds the programs in another folder and compares them"
	@echo "make dist             release tarball from HEAD"
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
        $(addprefix test-,$(LAYERS) sim fuzz term)
