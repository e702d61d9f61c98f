/*
 * include: reads the files that a pattern names, in the order of their names, as if they stood in
 * its place; each must end the sections that it begins. Files may include files, up to a depth, a
 * number and a number of bytes; a file that includes itself is an error.
 */
#include <stdlib.h>
#include <string.h>

#include "config/parse/parse_private.h"

/* Fails when the file may not be read, because of what was read before. */
static int
check_limits(struct parser *p, int line, const char *path)
{
	for (size_t i = 0; i < p->depth; i++)
		if (strcmp(p->open[i], path) == 0)
			return FAIL(p, line, "include: %s would include itself", path);
	if (p->depth == CONFIG_MAX_DEPTH)
		return FAIL(p, line,
		    "include: more than %d files include each other: does one of them include "
		    "itself?",
		    CONFIG_MAX_DEPTH);
	if (p->config->files.n == CONFIG_MAX_FILES)
		return FAIL(p, line, "include: more than %d files in all", CONFIG_MAX_FILES);
	return 0;
}

/* Reads one included file. The parser then goes on behind the include, in the file that has it. */
static int
take_file(struct parser *p, int line, const char *path, const char *text)
{
	struct lex lex = p->lex;
	int file = p->file, rc;

	p->bytes += strlen(text);
	if (p->bytes > CONFIG_MAX_TOTAL)
		return FAIL(p, line, "include: more than %d bytes in all files", CONFIG_MAX_TOTAL);
	rc = parse_file(p, path, text);
	p->lex = lex;
	p->file = file;
	p->secret = NULL;
	return rc;
}

static int
include_one(struct parser *p, int line, const char *path)
{
	struct err why = { .code = ERR_NONE };
	char *text;
	int rc;

	if (check_limits(p, line, path) != 0)
		return -1;
	if (p->source->read(p->source->files_arg, path, &text, &why) != 0)
		return FAIL(p, line, "include: %s", why.text);
	rc = take_file(p, line, path, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}

/* Takes the pattern, a string, behind the word. */
static int
take_pattern(struct parser *p, int line, char **ret_pattern)
{
	enum lex_token token;

	if (p->section != SECTION_TOP)
		return FAIL(p, line,
		    "include belongs to the top of the file, not to a section: close the section "
		    "%s "
		    "of line %d first",
		    setting_section_name(p->section), p->section_line);
	if (p->source->find == NULL)
		return FAIL(p, line, "include is not possible here");
	if (lex_next(&p->lex, &token, p->e) != 0)
		return -1;
	if (token != LEX_TEXT || p->lex.token_line != line || buf_slice(&p->lex.text).n == 0)
		return FAIL(p, line,
		    "include needs a path or a pattern in quotes behind it: include "
		    "\"conf.d/*.conf\"");
	*ret_pattern = strdup(buf_slice(&p->lex.text).p);
	return *ret_pattern == NULL ? err_nomem(p->e) : 0;
}

int
parse_include(struct parser *p)
{
	struct config_list paths = { 0 };
	int line = p->lex.token_line, rc = 0;
	struct err why = { .code = ERR_NONE };
	char *pattern = NULL;

	if (take_pattern(p, line, &pattern) != 0)
		return -1;
	p->secret = NULL;
	if (p->source->find(p->source->files_arg, p->lex.file, pattern, &paths, &why) != 0)
		rc = FAIL(p, line, "include: %s", why.text);
	for (size_t i = 0; rc == 0 && i < paths.n; i++)
		rc = include_one(p, line, paths.item[i]);
	config_list_clear(&paths);
	free(pattern);
	return rc;
}
