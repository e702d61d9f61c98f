#!/bin/sh
# The build makes the same sources in every language: in Turkish the capital of i is not I, and names made
# with toupper() would not compile. tools/run-tests turkish builds and tests in that language.
set -eu
cd "${top_builddir:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! localedef -i tr_TR -f UTF-8 "$work/tr_TR.UTF-8" >/dev/null 2>&1; then
	echo "1..0 # SKIP localedef cannot make the locale tr_TR.UTF-8 (package locales)"
	exit 0
fi
if [ "$(echo i | LOCPATH=$work LC_ALL=tr_TR.UTF-8 sed 's/i/\U&/')" = I ]; then
	echo "1..0 # SKIP the locale tr_TR.UTF-8 does not work here"
	exit 0
fi

n=0
failed=0
same() { # FILE PREREQUISITE: made again, as if the prerequisite had changed, but into another file
	n=$((n + 1))
	path=src/outbox/file/$1
	if LOCPATH=$work LC_ALL=tr_TR.UTF-8 MAKEFLAGS='' make -s -o Makefile -W "$2" \
		SCHEMA_INTO=") >$work/out" "$path" >"$work/log" 2>&1 &&
		[ -s "$work/out" ] && cmp "$work/out" "$path" >>"$work/log" 2>&1; then
		echo "ok $n - $1 is the same in Turkish"
	else
		failed=1
		echo "not ok $n - $1 is the same in Turkish"
		tail -n 10 "$work/log" | sed 's/^/# /'
	fi
	rm -f "$work/out"
}

sql=$(sed -n "s/^srcdir = //p" Makefile)/schema/sql.awk # as make calls it
same schema.gen.h "$sql"
same schema.gen.c src/outbox/file/schema.gen.h
same statements.gen.h "$sql"
same statements.gen.c src/outbox/file/statements.gen.h
same statements_facts.gen.h src/outbox/file/statements.gen.h
echo "1..$n"
exit "$failed"
