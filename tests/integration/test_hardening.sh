#!/bin/sh
# Checks on the binary itself, not on the flags, that the built program is hardened as configure
# says.
set -eu
binary=${top_builddir:-.}/bentospool

if ! command -v readelf >/dev/null 2>&1; then
	echo "1..0 # SKIP readelf is not installed (binutils)"
	exit 0
fi
if ! grep -q '^SPOOL_LDFLAGS = .*-pie' "${top_builddir:-.}/Makefile"; then
	echo "1..0 # SKIP built with --disable-hardening"
	exit 0
fi
if grep -q '^SPOOL_LDFLAGS = .*-fsanitize' "${top_builddir:-.}/Makefile"; then
	echo "1..0 # SKIP built with sanitizers"
	exit 0
fi

n=0
failed=0
check() { # check WORDS COMMAND...: the command must succeed
	words=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $words"
	else
		failed=1
		echo "not ok $n - $words"
	fi
}

# shellcheck disable=SC2317 # check calls it
elf() { # OPTION PATTERN: readelf shows a line like that
	LC_ALL=C readelf -W "$1" "$binary" | grep -Eq "$2"
}
# shellcheck disable=SC2317
no_elf() { ! elf "$1" "$2"; }

check "position independent: the file is ET_DYN with an interpreter" elf -h 'Type: +DYN'
check "relocations are read-only after the start" elf -l 'GNU_RELRO'
check "symbols are bound at the start" elf -d 'BIND_NOW|FLAGS_1.*NOW'
check "the stack is not executable" elf -l 'GNU_STACK.* RW +0x'
check "no segment is writable and executable" no_elf -l 'LOAD.* RWE '
check "library calls are checked (fortify)" elf --dyn-syms '_chk@'
check "stacks have canaries" elf --dyn-syms '__stack_chk_fail'
check "no search path for libraries is built in" no_elf -d 'RPATH|RUNPATH'
echo "1..$n"
exit "$failed"
