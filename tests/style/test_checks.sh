#!/bin/sh
# check-layers, check-style, check-docs and check-threads must detect what they are for: seeds one violation
# after another.
set -eu
here=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
failed=0

# Makes a small tree without violations.
seed() {
	rm -rf "$work/tree"
	for room in base event/json event/segment outbox/file outbox/write dispatch ingest daemon cli/look; do
		mkdir -p "$work/tree/src/$room"
	done
	mkdir -p "$work/tree/tools"
	cp "$here/.clang-format" "$work/tree/.clang-format"
	printf '%s\n' '#include "base/a.h"' '' '#include <stdio.h>' '' \
		'/* sprintf( and // in a comment are fine */' 'void' 'a_print(void)' '{' \
		'	puts("system(1) // in a string is fine");' '}' >"$work/tree/src/base/a.c"
	: >"$work/tree/src/base/a.h"
	printf '#!/bin/sh\necho "fine"\n' >"$work/tree/tools/script"
}

verdict() { # EXPECTED(ok|not ok) ACTUAL WORDS
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		failed=1
		echo "not ok $n - $3"
		sed 's/^/# /' "$work/out"
	fi
}

# expect PROGRAM EXPECTED WORDS PATTERN: the line of its output with PATTERN must start so.
expect() {
	code=0
	"$here/tools/$1" "$work/tree" >"$work/out" 2>&1 || code=$?
	line=$(grep -E "^(not )?ok .*$4" "$work/out" | head -n 1)
	got='nothing'
	case $line in
	*'# SKIP'*)
		n=$((n + 1))
		echo "ok $n - $3 # SKIP the tool is not installed"
		return
		;;
	'not ok'*) [ "$code" -ne 0 ] && got='not ok' ;;
	ok*) got='ok' ;;
	esac
	verdict "$2" "$got" "$3"
}

layer() { # FILE INCLUDE EXPECTED WORDS
	seed
	echo "#include $2" >>"$work/tree/$1"
	folder=${1#src/}
	expect check-layers "$3" "$4" "- ${folder%%/*} "
}

layer src/base/a.h '"base/b.h"' ok "a folder may include itself"
layer src/outbox/a.c '"event/b.h"' ok "a folder may include those to its left"
layer src/base/a.h '"event/b.h"' 'not ok' "a folder may not include those to its right"
layer src/dispatch/a.c '"ingest/b.h"' 'not ok' "dispatch may not include ingest"
layer src/ingest/a.c '"dispatch/b.h"' 'not ok' "ingest may not include dispatch"
layer src/event/a.c '<sqlite3.h>' 'not ok' "only outbox may include sqlite3"
layer src/outbox/write/a.c '<sqlite3.h>' 'not ok' "and of outbox only its files"
layer src/outbox/file/a.c '<sqlite3.h>' ok "outbox/file may include sqlite3"
layer src/outbox/file/a.c '"outbox/write/b.h"' 'not ok' "a folder may not include one of its room to its right"
layer src/outbox/write/a.c '"outbox/file/b.h"' ok "a folder may include one of its room to its left"
layer src/outbox/write/a.c '"outbox/outbox.h"' ok "a folder may include its room's public face"
layer src/outbox/write/a.c '"outbox/outbox_private.h"' 'not ok' "a private header is for its own folder"
layer src/outbox/write/a.c '"outbox/write/b_private.h"' ok "a folder may include its private header"
layer src/cli/look/a.c '"outbox/read/audit.h"' ok "a room may include another's public header"
layer src/cli/look/a.c '"outbox/write/store.h"' 'not ok' "a room may not include what is private to another"
layer src/ingest/a.c '<curl/curl.h>' 'not ok' "only dispatch may include curl"
layer src/dispatch/a.c '<event2/event.h>' 'not ok' "dispatch may not include libevent"
layer src/cli/a.c '<event2/event.h>' ok "cli may include libevent"
layer tools/a.c '"base/b.h"' ok "tools may include base"
layer tools/a.c '"outbox/b.h"' 'not ok' "tools may not include outbox"
layer src/base/a.c '"../event/b.h"' 'not ok' "a path with .. hides nothing"
layer src/base/a.c '"stranger/b.h"' 'not ok' "an unknown folder is no part of the house"

seed
for i in $(seq 30); do : >"$work/tree/src/base/b$i.c"; done
expect check-layers 'not ok' "a room of too many files is seen" "src/base is no larger"

style() { # WORDS PATTERN [FILE TEXT]
	seed
	if [ $# -gt 2 ]; then
		mkdir -p "$(dirname "$work/tree/$3")"
		printf '%b' "$4" >>"$work/tree/$3"
	fi
	expect check-style 'not ok' "$1" "$2"
}

repeat() { # TIMES TEXT
	awk -v n="$1" -v text="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", text }'
}

seed
expect check-style ok "a banned word in a comment or a string is fine" "no banned function"
seed
expect check-style ok "two slashes in a comment or a string are fine" "block comments"
style "a banned function is seen" "no banned function" src/base/b.c \
	'void\nb(char *p)\n{\n\tspri''ntf(p, "x");\n}\n'
style "a typedef of a struct is seen" "go by their tags" src/base/b.h 'typedef struct b b;\n'
style "a line comment is seen" "block comments" src/base/b.c 'int b; // no\n'
style "a function of 61 lines is seen" "no function is longer" src/base/b.c \
	"void\nb(void)\n{\n$(repeat 59 '\tb();\n')\n}\n"
seed
printf '%b' "void\nb(void)\n{\n$(repeat 58 '\tb();\n')\n}\n" >"$work/tree/src/base/b.c"
expect check-style ok "a function of 60 lines is fine" "no function is longer"
style "a file of 501 lines is seen" "no file is longer" src/base/b.c "$(repeat 501 'int b;\n')\n"
seed
printf '%b' "$(repeat 500 'int b;\n')\n" >"$work/tree/src/base/b.c"
expect check-style ok "a file of 500 lines is fine" "no file is longer"
style "unfinished work is seen" "left unfinished" src/base/b.c '/* TO''DO: more */\n'
style "dated English is seen" "English is plain" src/base/b.c '/* It is read an''ew. */\n'
style "\"is no file\" is seen" "English is plain" src/base/b.c '/* It is n''o file. */\n'
style "British spelling is seen" "English is plain" src/base/b.c '/* Can''celled. */\n'
seed
printf '/* There is no file, and it is no longer needed. */\n' >"$work/tree/src/base/b.c"
expect check-style ok "\"there is no\" and \"is no longer\" are fine" "English is plain"
style "white space at the end of a line is seen" "end of a line" src/base/b.c 'int b; \n'
style "a missing newline at the end of a file is seen" "end of a line" src/base/b.c 'int b;'
style "indentation with spaces is seen" "indented with tabs" src/base/b.c \
	'void\nb(void)\n{\n        b();\n}\n'
style "C out of format is seen" "formatted by" src/base/b.c 'void b( void ) { }\n'
# shellcheck disable=SC2016 # the unquoted variable is what is to be found
style "what shellcheck finds is seen" "pass shellcheck" tools/other '#!/bin/sh\necho $1\n'

docs() { # EXPECTED WORDS FILE TEXT
	seed
	mkdir -p "$work/tree/doc"
	: >"$work/tree/doc/there.md"
	: >"$work/tree/README.md"
	printf '%s\n' "$4" >>"$work/tree/$3"
	expect check-docs "$1" "$2" "every document"
}

docs ok "a document may be named by its path" src/base/a.h '/* see doc/there.md. */'
docs ok "a document may be named without its folder" src/base/a.h '/* see there.md and README.md */'
docs 'not ok' "a pointer to a missing document is seen in a comment" src/base/a.h '/* (doc/gone.md) */'
docs 'not ok' "a pointer to a missing document is seen in a document" doc/there.md 'See [it](gone.md).'
docs 'not ok' "a pointer to a missing document is seen in a manual page" doc/a.1 '.Pa gone.md'
docs 'not ok' "a pointer to a missing document is seen in a script" tools/script '# gone.md says why'
docs ok "a source file may be named by its path" doc/there.md 'See src/base/a.c, src/base/.'
docs ok "a source file may be named by its room" src/base/a.c '/* base/a.h says so */'
docs 'not ok' "a pointer to a missing source file is seen" doc/there.md 'See src/base/gone.c.'
docs 'not ok' "a pointer to a missing file of a room is seen" src/base/a.c '/* base/gone.h says so */'
docs 'not ok' "a pointer to a missing script is seen" README.md 'Run tools/gone now.'
docs 'not ok' "a pointer to a missing test is seen" README.md 'tests/gone.py shows it.'
docs ok "a program may be named in place of its source" README.md 'Run src/base/a first.'
docs ok "a pattern may be named" README.md 'tests/unit/ROOM/test_MODULE.c, tests/*.py, src/cli/<verb>.c'

# A "program" is a file with what nm prints of it.
threads() { # EXPECTED WORDS THREADED_TESTS
	seed
	mkdir -p "$work/tree/tests/unit"
	printf '%s\n' '#!/bin/sh' 'grep "" test_*' >"$work/tree/nm"
	chmod +x "$work/tree/nm"
	echo '                 U pthread_create@GLIBC_2.34' >"$work/tree/test_a"
	echo '                 U pthread_create_not' >"$work/tree/test_b"
	# shellcheck disable=SC1003 # a Makefile's backslash
	printf '%s\n' 'UNIT_TESTS = \' '	test_a \' '	test_b' '' 'THREADED_TESTS = \' "$3" '' >"$work/tree/tests/unit/local.mk"
	NM=$work/tree/nm
	top_builddir=$work/tree
	export NM top_builddir
	expect check-threads "$1" "$2" "THREADED_TESTS"
}

threads ok "a list of the unit tests that link pthread_create is right" '	test_a'
threads 'not ok' "a unit test with threads that is not listed is seen" ''
threads 'not ok' "a listed unit test without threads is seen" '	test_a \
	test_b'

echo "1..$n"
exit "$failed"
