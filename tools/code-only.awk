# Prints C text as FILE:LINE:CODE, with comments, strings and characters blanked. A // is kept, so
# that a search can find it.
FNR == 1 {
	state = "code"
}
{
	out = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (state == "comment") {
			if (two == "*/") {
				state = "code"
				i++
			}
		} else if (state != "code") {
			if (c == "\\")
				i++
			else if (c == state) {
				state = "code"
				out = out c
			}
		} else if (two == "/*") {
			state = "comment"
			i++
			out = out " "
		} else if (two == "//") {
			out = out two
			break
		} else {
			if (c == "\"" || c == "'")
				state = c
			out = out c
		}
	}
	# A string continues on the next line only after a backslash.
	if (state != "comment" && state != "code" && substr($0, n, 1) != "\\")
		state = "code"
	print FILENAME ":" FNR ":" out
}
