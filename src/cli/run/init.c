#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/rand.h"
#include "cli/verbs.h"
#include "config/settings.h"
#include "term/terminal.h"

#define VALUE_MAX 512
#define TEXT_MAX 262144
#define PATH_SIZE 4096
#define DAEMON_USER "bentospool"

/* What is asked for. */
enum { SITE_UUID, PUBLISHABLE_KEY, SECRET_KEY, WRITE_KEY, ANSWERS };

struct answers {
	char text[ANSWERS][VALUE_MAX];
	char config[PATH_SIZE - 16]; /* these three are absolute */
	char secret_file[PATH_SIZE];
	char database[PATH_SIZE];
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

static volatile sig_atomic_t signalled;

static void
on_signal(int number)
{
	signalled = number;
}

/* A terminal without echo, put back by echo_on whatever ends the reading. What ends it is blocked
 * but while it is awaited: so a signal just before the read is not one that only sets a flag. */
struct silence {
	bool off;
	struct termios before;
	struct sigaction actions[4];
	sigset_t mask;
};

static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define N_ENDINGS (sizeof(endings) / sizeof(*endings))

static void
echo_off(struct silence *s)
{
	const struct sigaction note = { .sa_handler = on_signal };
	struct termios silent;
	sigset_t blocked;

	s->off = tcgetattr(STDIN_FILENO, &s->before) == 0;
	if (!s->off)
		return;
	sigemptyset(&blocked);
	for (size_t i = 0; i < N_ENDINGS; i++)
		sigaddset(&blocked, endings[i]);
	sigprocmask(SIG_BLOCK, &blocked, &s->mask);
	for (size_t i = 0; i < N_ENDINGS; i++)
		sigaction(endings[i], &note, &s->actions[i]);
	silent = s->before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
}

static void
echo_on(struct silence *s)
{
	if (!s->off)
		return;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
	fputc('\n', stderr);
	for (size_t i = 0; i < N_ENDINGS; i++)
		sigaction(endings[i], &s->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	if (signalled != 0)
		raise(signalled);
}

/* A terminal is readable once a line is whole: whoever reads it then does not wait. -1: a signal.
 */
static int
await_line(const struct silence *s)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	while (s->off && signalled == 0)
		if (ppoll(&input, 1, NULL, &s->mask) >= 0 || errno != EINTR)
			return 0;
	return s->off ? -1 : 0;
}

/* 0; 1: the line was longer than an answer may be, and is gone. -1: there is none. */
static int
take_line(char ret[VALUE_MAX])
{
	int c, rc = 0;

	if (fgets(ret, VALUE_MAX, stdin) == NULL)
		return -1;
	if (strchr(ret, '\n') == NULL)
		while ((c = getc(stdin)) != EOF && c != '\n')
			rc = 1;
	ret[strcspn(ret, "\r\n")] = '\0';
	return rc;
}

/* Nothing is shown any more once the prompt is there: somebody may type at once. */
static int
read_line(const struct question *q, char ret[VALUE_MAX])
{
	struct silence silence = { .off = false };
	int rc;

	if (q->secret)
		echo_off(&silence);
	fprintf(stderr, "%s: ", q->prompt);
	fflush(stderr);
	rc = await_line(&silence) == 0 ? take_line(ret) : -1;
	echo_on(&silence);
	return rc;
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
		int rc = read_line(q, ret);

		if (rc < 0)
			return err_set(e, ERR_INPUT, "no answer; nothing was written");
		if (rc == 0 && is_plain(ret) && (ret[0] != '\0' || which == WRITE_KEY))
			return 0;
		fprintf(stderr,
		    "Fewer than %d letters, digits and signs but blanks, quotes, \\ and $ "
		    "please.\n",
		    VALUE_MAX);
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

static int
already_there(const char *path, struct err *e)
{
	return err_set(
	    e, ERR_INPUT, "%s is there already: move it away, or name another file with -c", path);
}

static int
sync_folder(const char *path, struct err *e)
{
	char folder[PATH_SIZE];
	int fd, rc;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open %s", folder);
	rc = fsync(fd) == 0 ? 0 : err_sys(e, "cannot sync %s", folder);
	close(fd);
	return rc;
}

/* A new file or none: what is there already is never replaced. */
static int
write_new(const char *path, struct slice text, bool secret, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EEXIST)
		return already_there(path, e);
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

/* Only what serve would take becomes the configuration, and it is there whole or not at all. */
static int
publish(const char *draft, const char *path, struct err *e)
{
	struct config_request r = { .file = draft };
	struct config *c;

	if (config_load(&r, &c, e) != 0)
		return -1;
	config_free(c);
	if (link(draft, path) != 0)
		return errno == EEXIST ? already_there(path, e)
				       : err_sys(e, "cannot write %s", path);
	return sync_folder(path, e);
}

static int
write_both(const struct answers *a, struct err *e)
{
	char draft[PATH_SIZE];
	struct buf text;
	int rc = -1;

	snprintf(draft, sizeof(draft), "%s.draft", a->config);
	unlink(draft);
	buf_init(&text, TEXT_MAX);
	compose(a, &text);
	if (text.failed) {
		err_nomem(e);
	} else if (write_new(a->secret_file, slice_from(a->text[SECRET_KEY]), true, e) == 0) {
		rc = write_new(draft, buf_slice(&text), false, e);
		if (rc == 0)
			rc = publish(draft, a->config, e);
		unlink(draft);
		if (rc != 0)
			unlink(a->secret_file);
	}
	buf_free(&text);
	return rc;
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* A configuration says the same wherever it is read from. */
static int
make_absolute(const char *path, char *ret, size_t size, struct err *e)
{
	char here[PATH_SIZE] = "";
	int n;

	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return err_sys(e, "cannot tell the folder we are in");
	n = snprintf(ret, size, "%s%s%s", here, path[0] != '/' ? "/" : "", path);
	if (n < 0 || (size_t)n >= size || !is_plain(ret))
		return err_set(e, ERR_INPUT,
		    "\"%.200s\" has a blank, a quote, \\ or $ in it, or is too long for a name "
		    "here",
		    ret);
	return 0;
}

static const char *
choose(const char *option, const char *variable, const char *fallback)
{
	const char *given = option != NULL ? option : getenv(variable);

	return given != NULL && given[0] != '\0' ? given : fallback;
}

static int
choose_paths(struct answers *a, const struct options *o, struct err *e)
{
	const char *config =
	    choose(o->config, "BENTOSPOOL_CONFIG", SPOOL_SYSCONFDIR "/bentospool.conf");
	const char *database = choose(
	    o->database, "BENTOSPOOL_DATABASE", setting_find(SECTION_TOP, "database")->fallback);

	if (make_absolute(config, a->config, sizeof(a->config), e) != 0
	    || make_absolute(database, a->database, sizeof(a->database), e) != 0)
		return -1;
	snprintf(a->secret_file, sizeof(a->secret_file), "%s.secret", a->config);
	return 0;
}

int
verb_init(const struct options *o)
{
	struct answers a = { .config = "" };
	struct err e;
	int rc = choose_paths(&a, o, &e);

	if (rc == 0 && access(a.config, F_OK) == 0)
		rc = already_there(a.config, &e);
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
