/*
 * init: asks for the keys of the Bento account, or takes them from the environment, and makes a
 * write key when none is given. init_file.c writes the configuration and the file of the secret
 * key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rand.h"
#include "cli/run/init_file.h"
#include "cli/verbs.h"
#include "config/settings.h"
#include "term/prompt.h"
#include "term/terminal.h"

static const struct question {
	const char *setting;
	const char *variable;
	const char *prompt;
	bool secret;
} questions[INIT_ANSWERS] = {
	[INIT_SITE_UUID] = { "site_uuid", "BENTO_SITE_UUID", "Site UUID", false },
	[INIT_PUBLISHABLE_KEY] = { "publishable_key", "BENTO_PUBLISHABLE_KEY", "Publishable key",
	    false },
	[INIT_SECRET_KEY] = { "secret_key", "BENTO_SECRET_KEY", "Secret key (not shown)", true },
	[INIT_WRITE_KEY] = { "write_keys", "BENTOSPOOL_WRITE_KEYS",
	    "Write key that applications post with (empty: generate one)", false },
};

/* ---- answers --------------------------------------------------------------------------------- */

/*
 * Checks an answer at once, so that the error is about the answer and not about a line of a file
 * that does not exist yet. For a write key blanks are allowed, which need no escape in quotes.
 */
static int
check_answer(int which, const char *text, struct err *e)
{
	static const char unquotable[] = "\"\\'$";
	const char *name = questions[which].setting;

	if (text[0] == '\0')
		return which == INIT_WRITE_KEY
			   ? 0
			   : err_set(e, ERR_INPUT, "%s must not be empty", name);
	if (which == INIT_WRITE_KEY ? strpbrk(text, unquotable) != NULL : !init_is_plain(text))
		return err_set(e, ERR_INPUT, "%s must not hold %sa quote, \\ or $", name,
		    which == INIT_WRITE_KEY ? "" : "a blank, ");
	return setting_check(setting_find(SECTION_SITE, name), text, e);
}

static int
ask(int which, char ret[INIT_VALUE_MAX], struct err *e)
{
	const struct question *q = &questions[which];
	struct err why;

	if (!terminal_can_ask())
		return which == INIT_WRITE_KEY
			   ? 0
			   : err_set(e, ERR_INPUT,
			       "%s is not set, and there is no terminal to ask on: set it, or run "
			       "init on a terminal",
			       q->variable);
	for (;;) {
		int rc = prompt_line(q->prompt, q->secret, ret, INIT_VALUE_MAX);

		if (rc < 0)
			return err_set(e, ERR_INPUT, "no answer: nothing was written");
		if (rc > 0)
			err_set(&why, ERR_LIMIT, "%s must be shorter than %d characters",
			    q->setting, INIT_VALUE_MAX);
		else if (check_answer(which, ret, &why) == 0)
			return 0;
		fprintf(stderr, "%s\n", why.text);
	}
}

static int
make_key(char ret[INIT_VALUE_MAX], struct err *e)
{
	unsigned char bytes[16];

	if (rand_system(bytes, sizeof(bytes), e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int
collect(struct init_answers *a, struct err *e)
{
	for (int i = 0; i < INIT_ANSWERS; i++) {
		const char *given = getenv(questions[i].variable);

		if (given != NULL && given[0] != '\0') {
			if (strlen(given) >= INIT_VALUE_MAX)
				return err_set(e, ERR_INPUT,
				    "%s must be shorter than %d characters", questions[i].variable,
				    INIT_VALUE_MAX);
			if (check_answer(i, given, e) != 0)
				return err_wrap(e, "%s", questions[i].variable);
			snprintf(a->text[i], INIT_VALUE_MAX, "%s", given);
		} else if (ask(i, a->text[i], e) != 0) {
			return -1;
		}
	}
	return a->text[INIT_WRITE_KEY][0] != '\0' ? 0 : make_key(a->text[INIT_WRITE_KEY], e);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* Paths in a configuration are absolute, so that they do not depend on where serve starts. */
static int
make_absolute(const char *path, char *ret, size_t size, struct err *e)
{
	char here[INIT_PATH_MAX] = "";
	int n;

	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return err_sys(e, "cannot determine the current directory");
	n = snprintf(ret, size, "%s%s%s", here, path[0] != '/' ? "/" : "", path);
	if (n < 0 || (size_t)n >= size || !init_is_plain(ret))
		return err_set(e, ERR_INPUT,
		    "\"%.200s\" contains a blank, a quote, \\ or $, or is too long for a path in "
		    "the configuration",
		    ret);
	return 0;
}

static const char *
choose(const char *option, const char *variable, const char *fallback)
{
	const char *given = option != NULL ? option : getenv(variable);

	return given != NULL && given[0] != '\0' ? given : fallback;
}

/* secret_key beside bentospool.conf, and NAME.secret_key beside NAME.conf. */
static void
name_secret_file(struct init_answers *a)
{
	const char *base = strrchr(a->config, '/') + 1, *suffix = strstr(base, ".conf");
	size_t n = strcmp(base, "bentospool.conf") == 0  ? 0
		   : suffix != NULL && suffix[5] == '\0' ? (size_t)(suffix - base)
							 : strlen(base);

	snprintf(a->secret_file, sizeof(a->secret_file), "%.*s%.*s%ssecret_key",
	    (int)(base - a->config), a->config, (int)n, base, n == 0 ? "" : ".");
}

static int
choose_paths(struct init_answers *a, const struct options *o, struct err *e)
{
	const char *config = choose(o->config, "BENTOSPOOL_CONFIG", CONFIG_DEFAULT_FILE);
	const char *database = choose(
	    o->database, "BENTOSPOOL_DATABASE", setting_find(SECTION_TOP, "database")->fallback);

	if (make_absolute(config, a->config, sizeof(a->config), e) != 0
	    || make_absolute(database, a->database, sizeof(a->database), e) != 0)
		return -1;
	name_secret_file(a);
	return 0;
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* Whether systemd runs here and has the unit, of this installation or of the administrator. */
static bool
has_unit(void)
{
	return access("/run/systemd/system", F_OK) == 0
	       && (access(SPOOL_UNITDIR "/bentospool.service", F_OK) == 0
		   || access("/etc/systemd/system/bentospool.service", F_OK) == 0);
}

static void
print_step(const char *why, const char *as, const char *verb, const char *config)
{
	printf("  # %s\n  %sbentospool %s%s%s\n", why, as, verb, config[0] != '\0' ? " -c " : "",
	    config);
}

static void
print_next(const struct init_answers *a)
{
	const char *as = !init_has_daemon_user() ? ""
			 : geteuid() == 0 && access("/usr/bin/sudo", X_OK) != 0
			     ? "runuser -u " DAEMON_USER " -- "
			     : "sudo -u " DAEMON_USER " ";
	bool usual = strcmp(a->config, CONFIG_DEFAULT_FILE) == 0;
	const char *config = usual ? "" : a->config;
	bool service = usual && as[0] != '\0' && has_unit();

	printf("wrote %s and %s\nApplications post with the write key %s\n\nNext:\n", a->config,
	    a->secret_file, a->text[INIT_WRITE_KEY]);
	print_step("is this machine fit for it?", as, "doctor", config);
	if (service)
		printf("  # start the daemon, now and with the machine\n"
		       "  systemctl enable --now bentospool\n");
	else
		print_step("start the daemon; Ctrl-C stops it", as, "serve", config);
	print_step(service ? "try it" : "in a second terminal: try it", as,
	    "send --name Test --email you@example.com", config);
	if (geteuid() == 0 && as[0] == '\0' && usual)
		fprintf(stderr,
		    "bentospool: warning: there is no user " DAEMON_USER ", which the service "
		    "runs as: create it, then move both files away and run init again\n");
}

int
verb_init(const struct options *o)
{
	struct init_answers a = { .config = "" };
	struct err e;
	int rc = choose_paths(&a, o, &e);

	if (rc == 0 && access(a.config, F_OK) == 0)
		rc = init_refuse_existing(&a, a.config, &e);
	if (rc == 0)
		rc = collect(&a, &e);
	if (rc == 0)
		rc = init_write(&a, &e);
	explicit_bzero(a.text[INIT_SECRET_KEY], INIT_VALUE_MAX);
	if (rc != 0)
		return verb_fail(&e);
	if (o->json)
		printf("{\"config\":\"%s\",\"secret_key_file\":\"%s\",\"write_keys\":\"%s\"}\n",
		    a.config, a.secret_file, a.text[INIT_WRITE_KEY]);
	else
		print_next(&a);
	return VERB_DONE;
}
