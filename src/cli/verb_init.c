#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/rand.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

#define VALUE_MAX 512
#define TEXT_MAX 262144
#define DAEMON_USER "bentospool"

/* What is asked for. */
enum { SITE_UUID, PUBLISHABLE_KEY, SECRET_KEY, WRITE_KEY, ANSWERS };

struct answers {
	char text[ANSWERS][VALUE_MAX];
	char config[VALUE_MAX];
	char secret_file[VALUE_MAX + 16];
	char database[VALUE_MAX];
};

static const struct question {
	const char *variable;
	const char *prompt;
	bool secret;
} questions[ANSWERS] = {
	[SITE_UUID] = { "BENTO_SITE_UUID", "Site UUID", false },
	[PUBLISHABLE_KEY] = { "BENTO_PUBLISHABLE_KEY", "Publishable key", false },
	[SECRET_KEY] = { "BENTO_SECRET_KEY", "Secret key (not shown)", true },
	[WRITE_KEY] = { "BENTOSPOOL_WRITE_KEYS",
	    "Key that applications post with (empty: one is made)", false },
};

/* ---- asking ---------------------------------------------------------------------------------- */

/* What stands in the file as it is, and in a header: no quote, no blank. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isgraph((unsigned char)*text) || strchr("\"\\'$", *text) != NULL)
			return false;
	return true;
}

/* Nothing is shown any more once the prompt is there: somebody may type at once. */
static int
read_line(const char *prompt, char ret[VALUE_MAX], bool secret)
{
	struct termios before, silent;
	bool off = secret && tcgetattr(STDIN_FILENO, &before) == 0;
	char *got;

	if (off) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	fprintf(stderr, "%s: ", prompt);
	fflush(stderr);
	got = fgets(ret, VALUE_MAX, stdin);
	if (off) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
		fputc('\n', stderr);
	}
	if (got == NULL)
		return -1;
	ret[strcspn(ret, "\r\n")] = '\0';
	return 0;
}

static int
ask(int which, char ret[VALUE_MAX], struct err *e)
{
	const struct question *q = &questions[which];

	if (!terminal_can_ask())
		return which == WRITE_KEY
			   ? 0
			   : err_set(e, ERR_INPUT,
			       "%s is not set, and there is no terminal to ask at", q->variable);
	for (;;) {
		if (read_line(q->prompt, ret, q->secret) != 0)
			return err_set(e, ERR_INPUT, "no answer; nothing was written");
		if (is_plain(ret) && (ret[0] != '\0' || which == WRITE_KEY))
			return 0;
		fprintf(stderr, "Letters, digits and signs but blanks, quotes, \\ and $ please.\n");
	}
}

static int
make_key(char ret[VALUE_MAX], struct err *e)
{
	unsigned char bytes[16];

	if (rand_system(bytes, sizeof(bytes), e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int
collect(struct answers *a, struct err *e)
{
	for (int i = 0; i < ANSWERS; i++) {
		const char *given = getenv(questions[i].variable);

		if (given != NULL && given[0] != '\0') {
			if (!is_plain(given) || strlen(given) >= VALUE_MAX)
				return err_set(e, ERR_INPUT,
				    "%s has a blank, a quote, \\ or $ in it, or is too long",
				    questions[i].variable);
			snprintf(a->text[i], VALUE_MAX, "%s", given);
		} else if (ask(i, a->text[i], e) != 0) {
			return -1;
		}
	}
	return a->text[WRITE_KEY][0] != '\0' ? 0 : make_key(a->text[WRITE_KEY], e);
}

/* ---- the text -------------------------------------------------------------------------------- */

static void
append_value(const struct setting *s, const char *text, struct buf *to)
{
	bool bare =
	    s->type == SETTING_NUMBER || s->type == SETTING_SECONDS || s->type == SETTING_SWITCH;

	if (s->type == SETTING_LIST)
		buf_printf(to, text == NULL || text[0] == '\0' ? "{}" : "{\"%s\"}", text);
	else
		buf_printf(to, bare ? "%s" : "\"%s\"", text);
}

/* What is to stand in the file; NULL: the default, as a comment. */
static const char *
chosen(const struct answers *a, const struct setting *s)
{
	if (s->section == SECTION_TOP && strcmp(s->name, "database") == 0)
		return a->database;
	if (s->section != SECTION_SITE)
		return NULL;
	if (strcmp(s->name, "site_uuid") == 0)
		return a->text[SITE_UUID];
	if (strcmp(s->name, "publishable_key") == 0)
		return a->text[PUBLISHABLE_KEY];
	if (strcmp(s->name, "secret_key_file") == 0)
		return a->secret_file;
	return strcmp(s->name, "write_keys") == 0 ? a->text[WRITE_KEY] : NULL;
}

static void
append_list(const char *keys, struct buf *to)
{
	const char *comma;

	buf_append_byte(to, '{');
	for (;; keys = comma + 1) {
		comma = strchr(keys, ',');
		buf_printf(to, "\"%.*s\"",
		    (int)(comma == NULL ? strlen(keys) : (size_t)(comma - keys)), keys);
		if (comma == NULL)
			break;
		buf_append_literal(to, ", ");
	}
	buf_append_byte(to, '}');
}

static void
append_setting(const struct answers *a, const struct setting *s, struct buf *to)
{
	const char *indent = s->section == SECTION_TOP ? "" : "    ", *value = chosen(a, s);

	buf_printf(
	    to, "%s# %s\n%s%s%s = ", indent, s->help, indent, value == NULL ? "#" : "", s->name);
	if (value == a->text[WRITE_KEY])
		append_list(value, to);
	else
		append_value(s, value != NULL ? value : s->fallback, to);
	buf_append_byte(to, '\n');
}

static void
compose(const struct answers *a, struct buf *to)
{
	enum setting_section section = SECTION_TOP;

	buf_append_literal(to,
	    "# bentospool.conf(5) says more about each setting. Lines that begin "
	    "with # are defaults.\n\n");
	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->section != section) {
			buf_append(to, "}\n", section == SECTION_TOP ? 0 : 2);
			buf_printf(to,
			    s->section == SECTION_SITE ? "\n%s \"main\" {\n" : "\n%s {\n",
			    setting_section_name(s->section));
			section = s->section;
		}
		append_setting(a, s, to);
	}
	buf_append_literal(to, "}\n");
}

/* ---- the files ------------------------------------------------------------------------------- */

static int
write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, text, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -1;
		text += wrote;
		n -= (size_t)wrote;
	}
	return fsync(fd);
}

/* For the daemon's user, when root writes and there is one. */
static void
give_away(int fd, bool secret)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(DAEMON_USER) : NULL;

	if (user == NULL)
		return;
	if (fchown(fd, secret ? user->pw_uid : 0, user->pw_gid) == 0 && !secret)
		fchmod(fd, 0640);
}

/* A new file or none: what is there already is never replaced. */
static int
write_new(const char *path, struct slice text, bool secret, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_INPUT,
		    "%s is there already: move it away, or name another file with -c", path);
	if (fd < 0)
		return err_sys(e, "cannot write %s", path);
	give_away(fd, secret);
	if (write_all(fd, text.p, text.n) != 0) {
		err_sys(e, "cannot write %s", path);
		close(fd);
		unlink(path);
		return -1;
	}
	close(fd);
	return 0;
}

static int
write_both(const struct answers *a, struct err *e)
{
	struct config_request r = { .file = a->config };
	struct config *c;
	struct buf text;
	int rc = 0;

	buf_init(&text, TEXT_MAX);
	compose(a, &text);
	if (text.failed)
		rc = err_nomem(e);
	if (rc == 0 && access(a->config, F_OK) == 0)
		rc = err_set(e, ERR_INPUT,
		    "%s is there already: move it away, or name another file with -c", a->config);
	if (rc == 0)
		rc = write_new(a->secret_file, slice_from(a->text[SECRET_KEY]), true, e);
	if (rc == 0 && (rc = write_new(a->config, buf_slice(&text), false, e)) != 0)
		unlink(a->secret_file);
	buf_free(&text);
	if (rc != 0)
		return -1;
	if (config_load(&r, &c, e) != 0)
		return -1;
	config_free(c);
	return 0;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static int
choose_paths(struct answers *a, const struct options *o, struct err *e)
{
	const char *config = o->config, *database = o->database;

	if (config == NULL)
		config = getenv("BENTOSPOOL_CONFIG");
	if (config == NULL || config[0] == '\0')
		config = SPOOL_SYSCONFDIR "/bentospool.conf";
	if (database == NULL)
		database = getenv("BENTOSPOOL_DATABASE");
	if (database == NULL || database[0] == '\0')
		database = setting_find(SECTION_TOP, "database")->fallback;
	if (!is_plain(config) || !is_plain(database) || strlen(config) >= VALUE_MAX
	    || strlen(database) >= VALUE_MAX)
		return err_set(e, ERR_INPUT,
		    "the names of the configuration and the database may have no blanks, quotes, "
		    "\\ "
		    "and $");
	snprintf(a->config, sizeof(a->config), "%s", config);
	snprintf(a->database, sizeof(a->database), "%s", database);
	snprintf(a->secret_file, sizeof(a->secret_file), "%s.secret", config);
	return 0;
}

int
verb_init(const struct options *o)
{
	struct answers a = { .config = "" };
	struct err e;
	int rc = choose_paths(&a, o, &e);

	if (rc == 0 && access(a.config, F_OK) == 0)
		rc = err_set(&e, ERR_INPUT,
		    "%s is there already: move it away, or name another file with -c", a.config);
	if (rc == 0)
		rc = collect(&a, &e);
	if (rc == 0)
		rc = write_both(&a, &e);
	explicit_bzero(a.text[SECRET_KEY], VALUE_MAX);
	if (rc != 0)
		return verb_fail(&e);
	if (o->json)
		printf("{\"config\":\"%s\",\"secret_key_file\":\"%s\",\"write_keys\":\"%s\"}\n",
		    a.config, a.secret_file, a.text[WRITE_KEY]);
	else
		printf("%s and %s are written.\nApplications post with the key %s\n\nNext:\n"
		       "  bentospool doctor -c %s\n  bentospool serve -c %s\n",
		    a.config, a.secret_file, a.text[WRITE_KEY], a.config, a.config);
	return VERB_DONE;
}
