# SIMS: build, test, install. `make help` lists the targets.
#
# Objects go to build/$(VARIANT); BUILD=DIR moves them. Each folder under src/ is one static library, each
# folder under tests/ one doctest program, so that a layer is built and tested with only what is below it.

VARIANT ?= release
BUILD   ?= build/$(VARIANT)
CXX     ?= g++
PREFIX  ?= /usr/local

LAYERS   := base crypto proto net server client tui
PROGRAMS := simsd sims sims-tui
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || cat VERSION 2>/dev/null || echo unknown)

PACKAGES := libuv libcrypto++ fmt ncursesw libutf8proc sqlite3 libsystemd

OPT_release := -O2
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan    := -O1 -g -fsanitize=thread
OPT_cov     := -O0 -g --coverage

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fPIE $(if $(filter release,$(VARIANT)),-D_FORTIFY_SOURCE=2)
CXXFLAGS += -std=c++20 $(OPT_$(VARIANT)) $(WARN) $(HARDEN) -pthread
CPPFLAGS += -Isrc -Itests $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDFLAGS  += $(filter -fsanitize% --coverage,$(OPT_$(VARIANT))) -pie -pthread -Wl,-z,relro,-z,now

LIBS_base   := -lfmt -lutf8proc
LIBS_crypto := -lcryptopp
LIBS_net    := -luv
LIBS_server := -lsqlite3 -lsystemd
LIBS_tui    := -lncursesw
LIBS        := $(foreach l,$(LAYERS),$(LIBS_$(l)))

objects = $(patsubst %.cc,$(BUILD)/%.o,$(wildcard $(1)/*.cc))
archive = $(BUILD)/lib$(1).a

all: $(addprefix $(BUILD)/,$(PROGRAMS))

$(BUILD)/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

define layer_rule
$(call archive,$(1)): $$(call objects,src/$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

# What a layer may link with: itself and what is below it, in link order.
below_base   := base
below_crypto := crypto base
below_proto  := proto crypto base
below_net    := net proto crypto base
below_server := server net proto crypto base
below_client := client net proto crypto base
below_tui    := tui client net proto crypto base
below_sim    := server client net proto crypto base

$(BUILD)/simsd: $(BUILD)/src/simsd.o $(foreach l,$(below_server),$(call archive,$(l)))
	$(CXX) $(LDFLAGS) $^ $(LIBS) -o $@
$(BUILD)/sims: $(BUILD)/src/sims.o $(foreach l,$(below_client),$(call archive,$(l)))
	$(CXX) $(LDFLAGS) $^ $(LIBS) -o $@
$(BUILD)/sims-tui: $(BUILD)/src/sims_tui.o $(foreach l,$(below_tui),$(call archive,$(l)))
	$(CXX) $(LDFLAGS) $^ $(LIBS) -o $@

# Unit tests: tests/LAYER/*.cc + tests/support/*.cc, linked with the layers that LAYER may use.
TESTS := $(LAYERS) sim
define test_rule
$(BUILD)/tests/$(1)_test: $$(call objects,tests/$(1)) $$(call objects,tests/support) $$(foreach l,$$(below_$(1)),$$(call archive,$$(l)))
	$(CXX) $(LDFLAGS) $$^ $(LIBS) -o $$@
test-$(1): $(BUILD)/tests/$(1)_test
	$$<
endef
$(foreach t,$(TESTS),$(eval $(call test_rule,$(t))))

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all clean $(addprefix test-,$(TESTS))
