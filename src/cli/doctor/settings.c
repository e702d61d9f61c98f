/*
 * Finds the remedy for a configuration that is refused: the error names a file or a setting, and
 * the state of that file decides what to do about it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "config/keys/secret.h"
#include "config/keys/tls_files.h"

#define N_SECRETS 6 /* files with secrets of one site */

struct named_file {
	const char *path;
	const char *setting;
	const char *content;
};

/* Lists the files in the order in which the configuration reads them. */
static void
secrets_of(const struct config_site *s, struct named_file ret_files[N_SECRETS])
{
	const struct named_file files[N_SECRETS] = {
		{ s->publishable_key_file, "publishable_key_file", "only the key" },
		{ s->secret_key_file, "secret_key_file", "only the secret" },
		{ s->webhook_secret_file, "webhook_secret_file", "only the secret" },
		{ s->upstream_key_file, "upstream_key_file", "only the key of this box" },
		{ s->write_keys_file, "write_keys_file", "one key a line" },
		{ s->boxes_file, "boxes_file", "NAME KEY on each line" },
	};

	memcpy(ret_files, files, sizeof(files));
}

static void
remedy_of_secret(const struct named_file *f, char ret_remedy[DOCTOR_TEXT])
{
	struct stat st;

	if (secret_is_credential(f->path) && access(f->path, R_OK) != 0)
		snprintf(ret_remedy, DOCTOR_TEXT,
		    "run this as root while the service runs, or in a unit of its own: systemd-run "
		    "--pipe --wait -p User=bentospool -p LoadCredential=%s:FILE bentospool doctor",
		    strrchr(f->path, '/') + 1);
	else if (access(f->path, F_OK) != 0 && errno == ENOENT)
		snprintf(ret_remedy, DOCTOR_TEXT,
		    "write %s into %s, with mode 0600, as the user that runs bentospool",
		    f->content, f->path);
	else if (access(f->path, R_OK) != 0 || stat(f->path, &st) != 0)
		snprintf(ret_remedy, DOCTOR_TEXT,
		    "run doctor as the user that runs bentospool; if you did, chown %s to that "
		    "user",
		    f->path);
	else if (!S_ISREG(st.st_mode))
		snprintf(ret_remedy, DOCTOR_TEXT, "set %s to a regular file", f->setting);
	else if (secret_is_exposed(f->path))
		snprintf(ret_remedy, DOCTOR_TEXT, "chmod 600 %s", f->path);
	else
		snprintf(ret_remedy, DOCTOR_TEXT, "write %s into %s", f->content, f->path);
}

static bool
is_named(const struct err *why, const char *path)
{
	return path[0] != '\0' && strstr(why->text, path) != NULL;
}

/* Returns whether the error is about one of these files in PEM form. The first two are a
 * certificate and its key. */
static bool
find_remedy_in_pems(
    const struct named_file *files, size_t n, const struct err *why, char ret_remedy[DOCTOR_TEXT])
{
	for (size_t i = 0; i < n; i++) {
		if (!is_named(why, files[i].path))
			continue;
		if (access(files[i].path, R_OK) != 0
		    || strstr(why->text, "can be read by others") != NULL)
			remedy_of_secret(&files[i], ret_remedy);
		else
			snprintf(ret_remedy, DOCTOR_TEXT,
			    "write a certificate and its key, both of one renewal and in PEM form, "
			    "into %s and %s",
			    files[0].setting, files[1].setting);
		return true;
	}
	return false;
}

/* Returns whether the error is about one of the site's files. */
static bool
find_remedy_in_site(
    const struct config_site *s, const struct err *why, char ret_remedy[DOCTOR_TEXT])
{
	const struct named_file pair[] = {
		{ s->client_certificate_file, "client_certificate_file",
		    "the certificate in PEM form" },
		{ s->client_private_key_file, "client_private_key_file", "the key in PEM form" },
	};
	struct named_file files[N_SECRETS];

	secrets_of(s, files);
	for (int i = 0; i < N_SECRETS; i++) {
		if (!is_named(why, files[i].path))
			continue;
		remedy_of_secret(&files[i], ret_remedy);
		return true;
	}
	if (find_remedy_in_pems(pair, sizeof(pair) / sizeof(*pair), why, ret_remedy))
		return true;
	if (!is_named(why, s->ca_file))
		return false;
	snprintf(ret_remedy, DOCTOR_TEXT,
	    "put the certificates there, readable by the user that runs bentospool, or remove "
	    "ca_file");
	return true;
}

/* Returns whether the error is about one of the files of a TLS listener. */
static bool
find_remedy_in_tls(
    const struct config_tls *tls, const struct err *why, char ret_remedy[DOCTOR_TEXT])
{
	const struct named_file files[] = {
		{ tls->certificate_file, "certificate_file", "the certificate in PEM form" },
		{ tls->private_key_file, "private_key_file", "the key in PEM form" },
		{ tls->client_ca_file, "client_ca_file", "the authorities in PEM form" },
	};

	return find_remedy_in_pems(files, sizeof(files) / sizeof(*files), why, ret_remedy);
}

/* Returns whether the error is about one of the files with a token for the dashboard. */
static bool
find_remedy_in_admin(
    const struct config_admin *a, const struct err *why, char ret_remedy[DOCTOR_TEXT])
{
	const struct named_file files[] = {
		{ a->read_token_file, "read_token_file",
		    "a token, such as openssl rand -hex 32 makes," },
		{ a->act_token_file, "act_token_file",
		    "another token, such as openssl rand -hex 32 makes," },
	};

	for (size_t i = sizeof(files) / sizeof(*files); i-- > 0;) {
		if (!is_named(why, files[i].path))
			continue;
		remedy_of_secret(&files[i], ret_remedy);
		return true;
	}
	return false;
}

static void
find_remedy(
    const struct config *c, const char *file, const struct err *why, char ret_remedy[DOCTOR_TEXT])
{
	for (size_t i = 0; i < c->n_sites; i++)
		if (find_remedy_in_site(&c->sites[i], why, ret_remedy))
			return;
	for (size_t i = 0; i < TLS_FILES_SECTIONS; i++)
		if (find_remedy_in_tls(tls_files_section(c, i).tls, why, ret_remedy))
			return;
	if (find_remedy_in_admin(&c->admin, why, ret_remedy))
		return;
	if (is_named(why, c->retention.archive) && config_try_archive(c) != 0)
		snprintf(
		    ret_remedy, DOCTOR_TEXT, "%s", config_archive_remedy(config_try_archive(c)));
	else if (file == NULL)
		snprintf(ret_remedy, DOCTOR_TEXT,
		    "create a configuration, as root, with bentospool init");
	else
		snprintf(ret_remedy, DOCTOR_TEXT, "correct that setting, or the file it names");
}

static void
find_remedy_of_file(const char *file, char ret_remedy[DOCTOR_TEXT])
{
	const char *remedy = "correct the file";

	if (file == NULL)
		remedy = "correct the environment variables";
	else if (access(file, F_OK) != 0 && errno == ENOENT)
		remedy = "name another file with -c, or create this one with bentospool init";
	else if (access(file, R_OK) != 0)
		remedy = "run doctor as root or as the user that runs bentospool";
	snprintf(ret_remedy, DOCTOR_TEXT, "%s", remedy);
}

void
doctor_settings_refused(struct doctor *d, const char *file, const struct err *why)
{
	char remedy[DOCTOR_TEXT];

	if (d->config != NULL)
		find_remedy(d->config, file, why, remedy);
	else
		find_remedy_of_file(file, remedy);
	/* A credential that is out of reach here says nothing about the service. */
	doctor_report(d, why->code == ERR_NOTFOUND ? DOCTOR_NOTE : DOCTOR_PROBLEM, "settings",
	    remedy, "%s", why->text);
	doctor_report(d, DOCTOR_NOTE, "the rest",
	    why->code == ERR_NOTFOUND ? "run doctor as above" : "fix the settings first",
	    "%sthe listeners and the sites are not checked",
	    d->config != NULL ? "" : "the database, ");
}
