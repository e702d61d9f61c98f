# Makes C from the statements: awk -v out=header|source|facts -f schema/sql.awk -f schema/statements.awk
# FILE... (doc/hacking.md, "Add a statement"). In a file, each statement is:
#
#	-- The purpose, if the name does not say it.
#	-- name: delivery_settle
#	-- in: event_id int, status string, reason text?, settled_at int?
#	UPDATE delivery SET status = :status, ... WHERE event_id = :event_id;
#
# `in` lists the parameters. At most one of these headers lists the result; a long header continues in
# another one with the same word:
#	(none)    no rows           int stmt_NAME(db, in, e)               0, -1
#	-- exists whether a row is  int stmt_NAME(db, in, e)               1, 0, -1
#	-- one:   one row, no text  int stmt_NAME(db, in, ret, e)          1, 0 and no row, -1
#	-- out:   rows              struct db_rows stmt_NAME(db, in, e)
#	                            int stmt_NAME_next(&rows, ret, e)      1, 0 and no more, -1
# Several parameters are passed as a `const struct stmt_NAME *`, a single one as an argument; without
# parameters there is none. Several columns are returned in a `struct stmt_NAME_row *`, a single one
# through a pointer.
#
# Types, and what they are in C:
#	int     int64_t; as a column, 0 where it is NULL
#	int?    struct db_int, which may be NULL
#	bool    bool
#	text    struct slice; an absent one is NULL
#	string  const char *; NULL is NULL. Parameters only
#	blob    struct slice
# A `?` after the other types makes no difference in C: the parameter may be left out of the struct's
# initializer, or the column may be NULL. tools/check-statements finds other parameters left out.
#
# {filter} stands for the FROM and WHERE of outbox/filter: the function takes this text after db,
# frees it, and prepares the statement each time; the caller then binds with filter_bind.
#
# This script checks names, types, and that the parameters of the header are those of the SQL; an error
# has file and line. tests/unit/outbox/file/test_schema.c compares parameters and columns with what
# SQLite reports, by means of out=facts.

BEGIN {
	c_type["int"] = "int64_t "
	c_type["int?"] = "struct db_int "
	c_type["bool"] = "bool "
	c_type["text"] = c_type["blob"] = "struct slice "
	c_type["string"] = "const char *"
}

FNR == 1 {
	finish()
	check_closed()
}

/^-- name:/ {
	finish()
	begin($3)
	next
}

/^-- exists$/ {
	set_kind("exists")
	next
}

/^-- (in|one|out):/ {
	word = substr($2, 1, length($2) - 1)
	if (word == "in")
		read_list(n, "in", $0)
	else if (set_kind(word))
		read_list(n, "out", $0)
	next
}

{
	line = strip($0)
	if (line ~ /^[ \t]*$/ && inside == "")
		next
	if (!open)
		wrong(here(), "SQL without \"-- name:\"")
	sql[n] = sql[n] quote(line)
	last_code = code
	read_code(code)
}

# ---- reading -------------------------------------------------------------------------------------

function begin(id) {
	open = 1
	where[++n] = here()
	name[n] = id
	kind[n] = "run"
	count[n, "in"] = count[n, "out"] = 0
	if (id !~ /^[a-z][a-z0-9_]*$/)
		wrong(here(), "a name is lower case letters, digits and _")
	if (id in line_of)
		wrong(here(), id " is already at " line_of[id])
	line_of[id] = here()
}

function set_kind(word) {
	if (!open || sql[n] != "") {
		wrong(here(), "\"-- " word "\" belongs between \"-- name:\" and the SQL")
		return 0
	}
	if (kind[n] != "run" && (kind[n] != word || word == "exists"))
		wrong(here(), name[n] " is already \"" kind[n] "\"")
	kind[n] = word
	return 1
}

# Adds "NAME TYPE, NAME TYPE" to a list, which is "in" or "out".
function read_list(s, list, line,    items, words, i, k) {
	if (!open || sql[s] != "") {
		wrong(here(), "a header belongs between \"-- name:\" and the SQL")
		return
	}
	sub(/^-- [a-z]+:[ \t]*/, "", line)
	sub(/,?[ \t]*$/, "", line)
	k = split(line, items, /,[ \t]*/)
	for (i = 1; i <= k; i++) {
		if (split(items[i], words, /[ \t]+/) != 2) {
			wrong(here(), "\"" items[i] "\" is not a name and a type")
			continue
		}
		add_item(s, list, words[1], words[2])
	}
}

function add_item(s, list, id, type,    bare, at) {
	bare = type
	if (type != "int?")
		sub(/\?$/, "", bare)
	if (!(bare in c_type))
		wrong(here(), "unknown type " type)
	if (list == "out" && bare == "string")
		wrong(here(), "a column is text, not string")
	if (kind[s] == "one" && list == "out" && c_type[bare] ~ /slice/)
		wrong(here(), "one: a text would be gone with the row; use \"out\"")
	if ((s, list, id) in place)
		wrong(here(), id " is listed twice")
	at = ++count[s, list]
	place[s, list, id] = at
	item[s, list, at] = id
	item_type[s, list, at] = bare
	item_full[s, list, at] = type
	item_line[s, list, at] = here()
}

# Records the parameters, in the order in which SQLite numbers them.
function read_code(code,    id) {
	if (code ~ /\{filter\}/)
		filtered[n] = 1
	if (code ~ /[?@$]/)
		wrong(here(), "parameters are written as :name")
	while (match(code, /:[A-Za-z_][A-Za-z0-9_]*/)) {
		id = substr(code, RSTART + 1, RLENGTH - 1)
		code = substr(code, RSTART + RLENGTH)
		if ((n, id) in number)
			continue
		number[n, id] = ++numbers[n]
		if (!((n, "in", id) in place))
			wrong(here(), ":" id " is not in the header of " name[n])
	}
}

function finish(    i, id) {
	if (!open)
		return
	open = 0
	if (sql[n] == "" || last_code !~ /;[ \t]*$/)
		wrong(where[n], name[n] " has no SQL that ends in ;")
	for (i = 1; i <= count[n, "in"]; i++) {
		id = item[n, "in", i]
		if (!((n, id) in number))
			wrong(item_line[n, "in", i], "the SQL of " name[n] " has no :" id)
	}
	if (filtered[n] && kind[n] != "out")
		wrong(where[n], "a statement with {filter} needs \"out\"")
}

# ---- writing -------------------------------------------------------------------------------------

function struct_of(s, list, suffix,    i) {
	if (count[s, list] < 2)
		return
	print "struct stmt_" name[s] suffix " {"
	for (i = 1; i <= count[s, list]; i++)
		print "\t" c_type[item_type[s, list, i]] item[s, list, i] ";"
	print "};"
}

function in_argument(s) {
	if (count[s, "in"] == 0)
		return ""
	if (count[s, "in"] == 1)
		return ", " c_type[item_type[s, "in", 1]] item[s, "in", 1]
	return ", const struct stmt_" name[s] " *in"
}

function out_argument(s) {
	if (count[s, "out"] == 1)
		return ", " c_type[item_type[s, "out", 1]] "*ret_" item[s, "out", 1]
	return ", struct stmt_" name[s] "_row *ret_row"
}

function prototype(s, newline) {
	return (kind[s] == "out" ? "struct db_rows" : "int") newline "stmt_" name[s] "(struct db *db" \
		(filtered[s] ? ", struct buf *filter" : "") in_argument(s) \
		(kind[s] == "one" ? out_argument(s) : "") ", struct err *e)"
}

function next_prototype(s, newline) {
	return "int" newline "stmt_" name[s] "_next(struct db_rows *rows" out_argument(s) ", struct err *e)"
}

function word_of(type) {
	return type == "int?" ? "maybe" : type
}

function binds(s,    i, id, value) {
	for (i = 1; i <= count[s, "in"]; i++) {
		id = item[s, "in", i]
		value = count[s, "in"] == 1 ? id : "in->" id
		if (filtered[s])
			print "\tdb_bind_" word_of(item_type[s, "in", i]) "_as(&rows, \":" id "\", " value ", e);"
		else
			print "\tbad |= bind_" word_of(item_type[s, "in", i]) "(stmt, " number[s, id] ", " value ");"
	}
}

# Only statements with parameters, and rows with texts, have something to check.
function has_binds(s) {
	return count[s, "in"] > 0 && !filtered[s]
}

function has_texts(s,    i) {
	for (i = 1; i <= count[s, "out"]; i++)
		if (item_type[s, "out", i] == "text" || item_type[s, "out", i] == "blob")
			return 1
	return 0
}

function columns(s, stmt, indent,    i, to) {
	for (i = 1; i <= count[s, "out"]; i++) {
		to = count[s, "out"] == 1 ? "*ret_" item[s, "out", 1] : "ret_row->" item[s, "out", i]
		print indent to " = column_" word_of(item_type[s, "out", i]) "(" stmt ", " i - 1 \
			(item_type[s, "out", i] == "text" || item_type[s, "out", i] == "blob" ? ", &lacks" : "") ");"
	}
}

function body_of_rows(s) {
	if (filtered[s])
		print "\tstruct db_rows rows = db_select(db, STMT_" toupper(name[s]) ", filter, e);\n"
	else
		print "\tstruct sqlite3_stmt *stmt = db_statement(db, STMT_" toupper(name[s]) ", e);" \
			(has_binds(s) ? "\n\tint bad = 0;" : "") "\n"
	if (!filtered[s]) {
		print "\tif (stmt == NULL)\n\t\treturn (struct db_rows){ .failed = true };"
		binds(s)
		if (has_binds(s))
			print "\tif (bad != 0) {\n\t\tdb_error(db, e, \"database\");\n\t\treturn (struct db_rows){ .failed = true };\n\t}"
		print "\treturn (struct db_rows){ .db = db, .stmt = stmt };\n}\n"
	} else {
		binds(s)
		print "\treturn rows;\n}\n"
	}
	print next_prototype(s, "\n") "\n{\n\tint rc = db_next(rows, e);" \
		(has_texts(s) ? "\n\tbool lacks = false;" : "") "\n"
	print "\tif (rc == 1) {"
	columns(s, "rows->stmt", "\t\t")
	print "\t}\n\treturn " (has_texts(s) ? "lacks ? db_rows_lack(rows, e) : rc" : "rc") ";\n}\n"
}

function body(s) {
	print prototype(s, "\n") "\n{"
	if (kind[s] == "out") {
		body_of_rows(s)
		return
	}
	print "\tstruct sqlite3_stmt *stmt = db_statement(db, STMT_" toupper(name[s]) ", e);"
	if (kind[s] != "run")
		print "\tint rc;"
	if (has_binds(s))
		print "\tint bad = 0;"
	if (has_texts(s))
		print "\tbool lacks = false;"
	print "\n\tif (stmt == NULL)\n\t\treturn -1;"
	binds(s)
	if (kind[s] == "run") {
		print "\treturn " (has_binds(s) ? "bad != 0 ? db_error(db, e, \"database\") : " : "") "db_run(db, stmt, e);\n}\n"
		return
	}
	print "\trc = " (has_binds(s) ? "bad != 0 ? db_error(db, e, \"database\") : " : "") "db_step(db, stmt, e);\n\tif (rc == 1) {"
	columns(s, "stmt", "\t\t")
	print "\t\tsqlite3_reset(stmt);\n\t}\n\treturn " (has_texts(s) ? "lacks ? err_nomem(e) : rc" : "rc") ";\n}\n"
}

function print_header(    s) {
	print "/* Made from schema/statements/ by schema/statements.awk: edit the SQL, not this file. */"
	print "#ifndef OUTBOX_FILE_STATEMENTS_GEN_H\n#define OUTBOX_FILE_STATEMENTS_GEN_H\n"
	print "#include \"outbox/file/rows.h\"\n"
	print "enum statement_id {"
	for (s = 1; s <= n; s++)
		print "\tSTMT_" toupper(name[s]) ","
	print "\tSTATEMENT_COUNT\n};\n"
	print "struct statement {\n\tconst char *name;\n\tconst char *sql;\n};\n"
	print "extern const struct statement statements[STATEMENT_COUNT];\n"
	for (s = 1; s <= n; s++) {
		struct_of(s, "in", "")
		struct_of(s, "out", "_row")
		print prototype(s, " ") ";"
		if (kind[s] == "out")
			print next_prototype(s, " ") ";"
		print ""
	}
	print "#endif"
}

function print_source(    s) {
	print "/* Made from schema/statements/ by schema/statements.awk: edit the SQL, not this file. */"
	print "#include \"outbox/file/statements.gen.h\"\n"
	print "#include \"outbox/file/bind_private.h\"\n#include \"outbox/file/db.h\"\n"
	print "const struct statement statements[STATEMENT_COUNT] = {"
	for (s = 1; s <= n; s++)
		print "\t{ \"" name[s] "\",\n" sql[s] "\t},"
	print "};\n"
	for (s = 1; s <= n; s++)
		body(s)
}

function facts_of(s, list,    i, text) {
	for (i = 1; i <= count[s, list]; i++)
		text = text "{ \"" (list == "in" ? ":" : "") item[s, list, i] "\", \"" item_full[s, list, i] "\", " \
			(list == "in" ? number[s, item[s, list, i]] : i - 1) " }, "
	return "{ " text "{ 0 } }"
}

function print_facts(    s) {
	print "/* What the headers in schema/statements/ say, for the test that asks SQLite. */"
	print "struct fact {\n\tconst char *name;\n\tconst char *type;\n\tint at;\n};\n"
	print "static const struct statement_facts {\n\tconst char *where;\n\tconst char *kind;"
	print "\tbool filtered;\n\tstruct fact in[24];\n\tstruct fact out[28];\n} facts[STATEMENT_COUNT] = {"
	for (s = 1; s <= n; s++)
		print "\t{ \"" where[s] "\", \"" kind[s] "\", " (filtered[s] ? "true" : "false") ",\n\t\t" \
			facts_of(s, "in") ",\n\t\t" facts_of(s, "out") " },"
	print "};"
}

END {
	finish()
	check_closed()
	if (failed)
		exit 1
	if (out == "header")
		print_header()
	else if (out == "source")
		print_source()
	else
		print_facts()
}
