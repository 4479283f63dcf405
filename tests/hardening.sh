#!/usr/bin/env bash
# The release's programs have the hardening that compiler and linker were asked for: position independent, relocations
# read-only and bound at the start, no memory both writable and executable, stack protector, checked C library calls,
# control-flow protection, no library search path of their own.
# First it proves on programs made to be wrong that each check can fail.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build/release}"
passed=0 failed=0
result() {  # status, what
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAIL $2"
  fi
}

x86() { [ "$(uname -m)" = x86_64 ]; }
# Each check prints the fault of the file, or nothing.
pie() { readelf -hdW "$1" | grep -q 'Type: *DYN' && readelf -dW "$1" | grep -q 'FLAGS_1.*PIE' || echo "no PIE"; }
relro() { readelf -lW "$1" | grep -q GNU_RELRO || echo "no RELRO"; }
bound_now() { readelf -dW "$1" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' || echo "bound lazily"; }
stack() { readelf -lW "$1" | grep -qE 'GNU_STACK.* RW ' || echo "executable stack"; }
segments() { ! readelf -lW "$1" | grep -q ' RWE ' || echo "memory that is written and run"; }
text() { ! readelf -dW "$1" | grep -q TEXTREL || echo "relocations in the code"; }
path() { ! readelf -dW "$1" | grep -qE '\((RPATH|RUNPATH)\)' || echo "a search path"; }
protector() { readelf -sW --dyn-syms "$1" | grep -q '__stack_chk_fail' || echo "no stack protector"; }
fortified() { readelf -sW --dyn-syms "$1" | grep -qE '__[a-z]+_chk@' || echo "not fortified"; }
shadow_stack() { ! x86 || readelf -nW "$1" | grep -q SHSTK || echo "no shadow stack"; }
# Of an object: the C library's own start is not marked in Debian, therefore no program is.
indirect_jumps() { ! x86 || readelf -nW "$1" | grep -q 'IBT, SHSTK' || echo "no indirect branch tracking"; }
program_checks='pie relro bound_now stack segments text path protector fortified shadow_stack'

wrong=$(mktemp -d) && trap 'rm -rf "$wrong"' EXIT || exit 1
cat >"$wrong/x.c" <<'END'
#include <string.h>
#ifdef WX
__asm__(".section .wx,\"awx\",@progbits\n.byte 0\n.text");
#endif
char to[8];
int main(int c, char** v) { char local[64]; strcpy(local, v[0]); memcpy(to, local, (unsigned)c); return local[c] + to[0]; }
END
catches() {  # check, flags that it must refuse
  local check=$1
  shift
  gcc -w "$wrong/x.c" -o "$wrong/x" "$@" 2>/dev/null && [ -n "$($check "$wrong/x")" ]
  result $? "the check '$check' lets a program pass that was built with $*"
}
catches pie -no-pie
catches relro -Wl,-z,norelro
catches bound_now -Wl,-z,lazy
catches stack -z execstack
catches segments -DWX
catches path -Wl,-rpath,/tmp
catches protector -fno-stack-protector
catches fortified -O2 -U_FORTIFY_SOURCE
if x86; then
  catches text -pie -fno-pic -mcmodel=large -Wl,-z,notext
  catches shadow_stack -fcf-protection=none
  gcc -w -c "$wrong/x.c" -o "$wrong/x.o" -fcf-protection=none && [ -n "$(indirect_jumps "$wrong/x.o")" ]
  result $? "the check 'indirect_jumps' lets an object pass that was built without"
fi

for program in simsd simsctl sims sims-tui; do
  for check in $program_checks; do
    said=$($check "$BUILD/$program")
    [ -z "$said" ]
    result $? "$program: $said"
  done
done
# Only objects of present sources: an older build may have left others.
bad=$(find src -name '*.cc' | while read -r source; do object=$BUILD/${source%.cc}.o; [ ! -e "$object" ] || [ -z "$(indirect_jumps "$object")" ] || echo "$object"; done)
[ -z "$bad" ]
result $? "without indirect branch tracking: $bad"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
