# Embeds the dashboard's files: awk -f embed.awk FILE... > files.gen.c
# index.html has the path /, each other file its name. Only ASCII is allowed, so that the bytes do not
# depend on the awk.

BEGIN {
	print "/* Made from src/admin/page by embed.awk: edit the files there, not this one. */"
	print "#include \"admin/page.h\"\n"
}

FNR == 1 {
	end_file()
	name = FILENAME
	sub(/.*\//, "", name)
	path[++files] = name == "index.html" ? "/" : "/" name
	print "static const char file_" files "[] = {"
}

/[^\t -~]/ {
	printf "%s:%d: only ASCII is allowed\n", FILENAME, FNR > "/dev/stderr"
	failed = 1
	exit 1
}

{
	line = ""
	for (i = 1; i <= length($0); i++) {
		c = substr($0, i, 1)
		line = line (c == "\\" || c == "'" ? "'\\" c "'," : c == "\t" ? "'\\t'," : "'" c "',")
	}
	print line "'\\n',"
}

function end_file() {
	if (files > 0)
		print "};"
}

END {
	if (failed)
		exit 1
	end_file()
	print "\nconst struct page_file page_files[] = {"
	for (i = 1; i <= files; i++)
		print "\t{ \"" path[i] "\", file_" i ", sizeof(file_" i ") },"
	print "\t{ 0 },\n};"
}
