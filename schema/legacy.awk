# Turns the SQL files into C: awk -v out=header|source -f embed.awk FILE...
#   NNNN_*.sql      a migration, kept whole          -> schema_migrations[]
#   views.sql       kept whole                       -> schema_views
#   statements*.sql "-- name: NAME" starts a statement -> enum stmt, schema_statements[]
# Comments and blank lines are left out of what is embedded.

function quote(line) {
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	return "\t\"" line "\\n\"\n"
}

FNR == 1 {
	base = FILENAME
	sub(/.*\//, "", base)
	if (base ~ /^[0-9][0-9][0-9][0-9]_/)
		migration[++migrations] = ""
}

base ~ /^statements/ && /^-- name: / {
	name[++statements] = $3
	next
}

{
	sub(/[ \t]*--.*$/, "")
	if ($0 ~ /^[ \t]*$/)
		next
	if (base ~ /^[0-9][0-9][0-9][0-9]_/)
		migration[migrations] = migration[migrations] quote($0)
	else if (base == "views.sql")
		views = views quote($0)
	else if (statements > 0)
		statement[statements] = statement[statements] quote($0)
}

function header(   i, upper) {
	print "/* Made from schema/ by schema/embed.awk: edit the SQL, not this file. */"
	print "#ifndef OUTBOX_FILE_LEGACY_GEN_H\n#define OUTBOX_FILE_LEGACY_GEN_H\n"
	print "enum stmt {"
	for (i = 1; i <= statements; i++)
		print "\tSTMT_" toupper(name[i]) ","
	print "\tSTMT_COUNT\n};\n"
	print "struct schema_statement {\n\tconst char *name;\n\tconst char *sql;\n};\n"
	print "extern const struct schema_statement schema_statements[STMT_COUNT];\n"
	print "#endif"
}

function source(   i) {
	print "/* Made from schema/ by schema/embed.awk: edit the SQL, not this file. */"
	print "#include \"outbox/file/legacy.gen.h\"\n\n#include <stddef.h>\n"
	print "const struct schema_statement schema_statements[STMT_COUNT] = {"
	for (i = 1; i <= statements; i++)
		print "\t{ \"" name[i] "\",\n" statement[i] "\t},"
	print "};"
}

END {
	if (out == "header")
		header()
	else
		source()
}
