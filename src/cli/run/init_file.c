/*
 * The two files of init. The configuration is composed from the table of settings, written as a
 * draft, loaded as serve would load it, and only then linked to its name. It therefore exists
 * completely or not at all, and an existing file is never replaced.
 */
#include "cli/run/init_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/settings.h"

#define TEXT_MAX 262144

bool
init_is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isgraph((unsigned char)*text) || strchr("\"\\'$", *text) != NULL)
			return false;
	return true;
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

/* Returns the value to write; NULL to write the default as a comment. */
static const char *
chosen(const struct init_answers *a, const struct setting *s)
{
	if (s->section == SECTION_TOP && strcmp(s->name, "database") == 0)
		return a->database;
	if (s->section != SECTION_SITE)
		return NULL;
	if (strcmp(s->name, "site_uuid") == 0)
		return a->text[INIT_SITE_UUID];
	if (strcmp(s->name, "publishable_key") == 0)
		return a->text[INIT_PUBLISHABLE_KEY];
	if (strcmp(s->name, "secret_key_file") == 0)
		return a->secret_file;
	return strcmp(s->name, "write_keys") == 0 ? a->text[INIT_WRITE_KEY] : NULL;
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
append_setting(const struct init_answers *a, const struct setting *s, struct buf *to)
{
	const char *indent = s->section == SECTION_TOP ? "" : "    ", *value = chosen(a, s);

	buf_printf(
	    to, "%s# %s\n%s%s%s = ", indent, s->help, indent, value == NULL ? "#" : "", s->name);
	if (value != NULL && value == a->text[INIT_WRITE_KEY])
		append_list(value, to);
	else
		append_value(s, value != NULL ? value : s->fallback, to);
	buf_append_byte(to, '\n');
}

/* A command that makes a token which only the daemon's user can read. */
static void
append_token_command(const char *folder, int folder_length, const char *name, struct buf *to)
{
	if (init_has_daemon_user())
		buf_printf(to,
		    "    #     openssl rand -hex 32 | install -m 600 -o " DAEMON_USER
		    " /dev/stdin %.*s/%s\n",
		    folder_length, folder, name);
	else
		buf_printf(to, "    #     (umask 077; openssl rand -hex 32 >%.*s/%s)\n",
		    folder_length, folder, name);
}

/* The dashboard needs two more files, which only a person who wants it should have. */
static void
append_dashboard(const struct init_answers *a, struct buf *to)
{
	int folder = (int)(strrchr(a->config, '/') - a->config);

	buf_printf(to,
	    "    # For the dashboard at http://127.0.0.1:7390/ remove the # of these three lines,\n"
	    "    #     listen = {\"127.0.0.1:7390\"}\n"
	    "    #     read_token_file = \"%.*s/read_token\"\n"
	    "    #     act_token_file = \"%.*s/act_token\"\n"
	    "    # and make the tokens%s:\n",
	    folder, a->config, folder, a->config, init_has_daemon_user() ? ", as root" : "");
	append_token_command(a->config, folder, "read_token", to);
	append_token_command(a->config, folder, "act_token", to);
	buf_append_byte(to, '\n');
}

static void
compose(const struct init_answers *a, struct buf *to)
{
	enum setting_section section = SECTION_TOP;

	buf_append_literal(to,
	    "# bentospool.conf(5) describes each setting. Settings behind a # have "
	    "their default.\n\n");
	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->section != section) {
			buf_append(to, "}\n", section == SECTION_TOP ? 0 : 2);
			buf_printf(to,
			    s->section == SECTION_SITE ? "\n%s \"main\" {\n" : "\n%s {\n",
			    setting_section_name(s->section));
			section = s->section;
			if (section == SECTION_ADMIN)
				append_dashboard(a, to);
		}
		append_setting(a, s, to);
	}
	buf_append_literal(to,
	    "}\n\n# More files, such as one for each further site, in the order of "
	    "their names.\n#include \"conf.d/*.conf\"\n");
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

static const struct passwd *
daemon_user(void)
{
	return geteuid() == 0 ? getpwnam(DAEMON_USER) : NULL;
}

bool
init_has_daemon_user(void)
{
	return daemon_user() != NULL;
}

/* When root runs init, gives the file to the daemon's user, if that user exists. */
static void
give_away(int fd, bool secret)
{
	const struct passwd *user = daemon_user();

	if (user == NULL)
		return;
	if (fchown(fd, secret ? user->pw_uid : 0, user->pw_gid) == 0 && !secret)
		fchmod(fd, 0640);
}

int
init_refuse_existing(const struct init_answers *a, const char *path, struct err *e)
{
	return err_set(e, ERR_INPUT,
	    "%s already exists, and is kept: edit it, or to begin again move it and %s away, or "
	    "name "
	    "another file with -c",
	    path, strcmp(path, a->config) == 0 ? a->secret_file : a->config);
}

static int
sync_folder(const char *path, struct err *e)
{
	char folder[INIT_PATH_MAX];
	int fd, rc;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open %s", folder);
	rc = fsync(fd) == 0 ? 0 : err_sys(e, "cannot sync %s", folder);
	close(fd);
	return rc;
}

/* Creates the missing directories above a directory. Everybody may pass through them, whatever the
 * umask: the daemon's user must. */
static int
make_parents(char *folder, struct err *e)
{
	for (char *slash = folder + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		int rc = 0;

		*slash = '\0';
		if (access(folder, F_OK) != 0
		    && (mkdir(folder, 0755) != 0 || chmod(folder, 0755) != 0))
			rc = err_file(e, folder, "cannot create the directory %s", folder);
		*slash = '/';
		if (rc != 0)
			return -1;
	}
	return 0;
}

/*
 * Creates the directory of a file when it is missing, and those above it. The daemon's user gets
 * that of the database, and its group may read that of the configuration.
 */
static int
make_folder(const char *file, bool for_database, struct err *e)
{
	const struct passwd *user = daemon_user();
	char copy[INIT_PATH_MAX];
	char *folder;

	snprintf(copy, sizeof(copy), "%s", file);
	folder = dirname(copy);
	if (make_parents(folder, e) != 0)
		return -1;
	if (mkdir(folder, 0750) != 0) {
		if (errno == EEXIST)
			return 0;
		return err_sys(e, "cannot create the directory %s", folder);
	}
	if (user != NULL && chown(folder, for_database ? user->pw_uid : 0, user->pw_gid) != 0)
		return err_sys(e, "cannot give %s to the user %s", folder, DAEMON_USER);
	return 0;
}

/* Creates a new file; an existing file is never replaced. */
static int
write_new(
    const struct init_answers *a, const char *path, struct slice text, bool secret, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EEXIST)
		return init_refuse_existing(a, path, e);
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
publish(const struct init_answers *a, const char *draft, struct err *e)
{
	const char *path = a->config;
	struct config_request r = { .file = draft };
	struct config *c;

	if (config_load(&r, &c, e) != 0)
		return -1;
	config_free(c);
	if (link(draft, path) != 0)
		return errno == EEXIST ? init_refuse_existing(a, path, e)
				       : err_sys(e, "cannot write %s", path);
	return sync_folder(path, e);
}

int
init_write(const struct init_answers *a, struct err *e)
{
	char draft[INIT_PATH_MAX];
	struct buf text;
	int rc;

	if (make_folder(a->config, false, e) != 0 || make_folder(a->database, true, e) != 0)
		return -1;
	if (write_new(a, a->secret_file, slice_from(a->text[INIT_SECRET_KEY]), true, e) != 0)
		return -1;
	snprintf(draft, sizeof(draft), "%s.draft", a->config);
	unlink(draft);
	buf_init(&text, TEXT_MAX);
	compose(a, &text);
	rc = text.failed ? err_nomem(e) : write_new(a, draft, buf_slice(&text), false, e);
	if (rc == 0)
		rc = publish(a, draft, e);
	unlink(draft);
	if (rc != 0)
		unlink(a->secret_file);
	buf_free(&text);
	return rc;
}
