#!/bin/sh
# The generator of schema/ must refuse mistakes with file and line: seeds one after another.
set -eu
here=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
failed=0
awk=${AWK:-awk}

verdict() { # PASSED(0|1) WORDS
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		failed=1
		echo "not ok $n - $2"
		sed 's/^/# /' "$work/out"
	fi
}

# Makes a small tree without mistakes.
seed() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/schema/statements" "$work/tree/src/outbox"
	cd "$work/tree"
	echo 'CREATE TABLE t (a INTEGER, b TEXT); -- a comment' >schema/0001_first.sql
	echo "CREATE INDEX i ON t (b) WHERE b <> '--';" >schema/0002_second.sql
	echo 'CREATE VIEW v AS SELECT a FROM t;' >schema/views.sql
	cat >schema/statements/t.sql <<-'END'
		-- name: t_add
		-- in: a int, b text, c int?
		INSERT INTO t (a, b, c) VALUES (:a, :b, :c); -- :d in a comment

		-- name: t_get
		-- in: a int
		-- out: a int, b text?
		SELECT a, b FROM t WHERE a = :a AND b <> ':e -- f';
	END
	cat >src/outbox/t.c <<-'END'
		int
		t(struct db *db, struct err *e)
		{
			struct stmt_t_add in = { .a = 1 };
			struct db_rows rows = stmt_t_get(db, 1, e);

			in.b = SLICE_NONE;
			db_rows_end(&rows);
			return stmt_t_add(db, &in, e);
		}
	END
}

statements() { # OUT
	"$awk" -f "$here/schema/sql.awk" -f "$here/schema/statements.awk" -v out="$1" \
		schema/statements/*.sql
}

migrations() {
	"$awk" -f "$here/schema/sql.awk" -f "$here/schema/embed.awk" -v out="$1" schema/*.sql
}

says() { # says WORDS PATTERN FUNCTION: the function must fail with a message that matches
	code=0
	"$3" source >"$work/out" 2>&1 || code=$?
	passed=1
	[ "$code" -ne 0 ] && grep -q -- "$2" "$work/out" && passed=0
	verdict "$passed" "$1"
}

# Mistakes in a statement: each is a sed script for the correct file.
mistake() { # WORDS SED PATTERN
	seed
	sed -i "$2" schema/statements/t.sql
	says "$1" "schema/statements/t.sql:$3" statements
}

seed
passed=0
for out in header source facts; do
	statements "$out" >"$work/$out.out" 2>"$work/out" || passed=1
done
verdict "$passed" "statements in good order become C"
passed=1
grep -qF "b <> ':e -- f'" "$work/source.out" && ! grep -q 'in a comment' "$work/source.out" && passed=0
verdict "$passed" "a string with -- is kept whole, a comment is left out"
mistake "a name is given once" 's/t_get/t_add/' '5: t_add is already at schema/statements/t.sql:1'
mistake "a type is known" 's/b text,/b words,/' '2: unknown type words'
mistake "a parameter has a type" 's/b text,/b,/' '2: "b" is not a name and a type'
mistake "a parameter of the header is in the SQL" 's/:c)/NULL)/' '2: the SQL of t_add has no :c'
mistake "a parameter of the SQL is in the header" 's/, c int?//' '3: :c is not in the header of t_add'
mistake "a parameter is listed once" 's/c int?/a int/' '2: a is listed twice'
mistake "parameters have names" 's/= :a AND/= ?1 AND/' '8: parameters are written as :name'
mistake "a single row has no text" 's/out: a/one: a/' '7: one: a text would be gone'
mistake "a statement has its SQL" '3d' '1: t_add has no SQL'
mistake "a statement ends" 's/:c);/:c)/' '1: t_add has no SQL that ends in ;'
mistake "SQL has a name" '1d' '1: a header belongs'
mistake "a string ends" "s/-- f'/-- f/" "\?.*ends inside a string"

seed
passed=0
migrations source >"$work/out" 2>&1 || passed=1
grep -qF "b <> '--'" "$work/out" || passed=1
verdict "$passed" "migrations in good order become C"
seed
mv schema/0002_second.sql schema/0003_second.sql
says "migrations are numbered without a gap" \
	'schema/0003_second.sql:1: stands where migration 0002 is expected' migrations
seed
echo 'CREATE TABLE u (a);' >schema/0002_other.sql
says "a number is one migration's" 'stands where migration 0003 is expected' migrations

compiles() { # C text of a function body
	mkdir -p gen/outbox/file
	statements header >gen/outbox/file/statements.gen.h
	printf '#include "outbox/file/statements.gen.h"\nint t(struct db *, struct err *);\n%s\n%s\n' \
		'int t(struct db *db, struct err *e) {' "$1 }" >use.c
	${CC:-cc} -Wall -Werror -fsyntax-only -I gen -I "$here/src" use.c >"$work/out" 2>&1
}

seed
passed=0
compiles 'return stmt_t_add(db, &(struct stmt_t_add){ .a = 1 }, e);' || passed=1
verdict "$passed" "a parameter that is there compiles"
passed=1
compiles 'return stmt_t_add(db, &(struct stmt_t_add){ .x = 1 }, e);' || passed=0
verdict "$passed" "a parameter that is not there does not"
passed=1
compiles 'struct stmt_t_get_row row; struct db_rows rows = stmt_t_get(db, 1, e);
	return stmt_t_get_next(&rows, &row, e) == 1 ? (int)row.x : 0;' || passed=0
verdict "$passed" "a column that is not there does not"

use() { # use WORDS SED PATTERN: check-statements must report this for src/outbox/t.c
	seed
	sed -i "$2" src/outbox/t.c
	code=0
	"$here/tools/check-statements" . >"$work/out" 2>&1 || code=$?
	passed=1
	if [ -z "$3" ]; then
		[ "$code" -eq 0 ] && passed=0
	else
		[ "$code" -ne 0 ] && grep -q "$3" "$work/out" && passed=0
	fi
	verdict "$passed" "$1"
}

use "all parameters are given" '' ''
use "a parameter is left out of an initializer" 's/{ .a = 1 }/{ .c = { 0 } }/' \
	'src/outbox/t.c:4: t_add without a'
use "a parameter is never assigned" '/in.b = /d' 'src/outbox/t.c:4: t_add without b'
filler='\
static void fill(struct stmt_t_add *row) {\
	row->b = SLICE_NONE;\
}'
use "a function of the file gives a parameter" "/in.b = /d; 1i$filler" ''
use "a function that only reads does not" "/in.b = /d; 1i$(printf '%s' "$filler" | sed 's/fill(/fill(const /; s/ = SLICE_NONE/(1)/')" \
	't_add without b'
use "a statement is not used" '/t_get/d' 'schema/statements/t.sql:5: t_get'

echo "1..$n"
exit "$failed"
