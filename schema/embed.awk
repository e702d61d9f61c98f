# Embeds the tables and views: awk -v out=header|source -f schema/sql.awk -f schema/embed.awk FILE...
#   NNNN_*.sql  migration NNNN, kept whole -> schema_migrations[NNNN - 1]
#   views.sql   kept whole                 -> schema_views
# The migrations must be numbered from 0001 without a gap, in the order of the files.

FNR == 1 {
	check_closed()
	base = FILENAME
	sub(/.*\//, "", base)
	if (base ~ /^[0-9][0-9][0-9][0-9]_/) {
		migration[++migrations] = ""
		if (substr(base, 1, 4) + 0 != migrations)
			wrong(here(), sprintf("stands where migration %04d is expected", migrations))
	} else if (base != "views.sql") {
		wrong(here(), "is neither NNNN_*.sql nor views.sql")
	}
}

{
	line = strip($0)
	if (line ~ /^[ \t]*$/)
		next
	if (base == "views.sql")
		views = views quote(line)
	else
		migration[migrations] = migration[migrations] quote(line)
}

function print_header() {
	print "/* Made from schema/ by schema/embed.awk: edit the SQL, not this file. */"
	print "#ifndef OUTBOX_FILE_SCHEMA_GEN_H\n#define OUTBOX_FILE_SCHEMA_GEN_H\n"
	print "#define SCHEMA_VERSION " migrations "\n"
	print "extern const char *const schema_migrations[SCHEMA_VERSION];"
	print "extern const char *const schema_views;\n"
	print "#endif"
}

function print_source(    i) {
	print "/* Made from schema/ by schema/embed.awk: edit the SQL, not this file. */"
	print "#include \"outbox/file/schema.gen.h\"\n"
	print "const char *const schema_migrations[SCHEMA_VERSION] = {"
	for (i = 1; i <= migrations; i++)
		print "\t(\n" migration[i] "\t),"
	print "};\n\nconst char *const schema_views =\n" views "\t;"
}

END {
	check_closed()
	if (failed)
		exit 1
	if (out == "header")
		print_header()
	else
		print_source()
}
