# Shared by both generators: strips comments from SQL, writes C strings, and reports errors with file
# and line.

# Returns the line without its comments. A string, a quoted name or a block comment can continue on
# the next line: `inside` remembers which. Sets `code` to the
# line without comments and quoted text.
function strip(line,    i, c, two, kept) {
	code = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (inside == "/") {
			if (two == "*/") {
				inside = ""
				i++
			}
		} else if (inside != "") {
			kept = kept c
			if (c == inside)
				inside = ""
		} else if (two == "--") {
			break
		} else if (two == "/*") {
			inside = "/"
			i++
		} else {
			kept = kept c
			if (c == "'" || c == "\"") {
				inside = c
				c = " "
			}
			code = code c
		}
	}
	if (inside == "" || inside == "/")
		sub(/[ \t]+$/, "", kept)
	return kept
}

# Returns one line of a C string.
function quote(line) {
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	return "\t\"" line "\\n\"\n"
}

function wrong(where, why) {
	print where ": " why > "/dev/stderr"
	failed = 1
}

function here() {
	return FILENAME ":" FNR
}

# At the first line of a file: checks that the previous file has closed everything that it opened.
function check_closed() {
	if (inside != "")
		wrong(last_file, "ends inside a " (inside == "/" ? "comment" : "string"))
	inside = ""
	last_file = FILENAME
}
