/*
 * The table of verbs; verb_help.c makes the help from it. A verb is one row here and one file in
 * the directory of its group; main.c finds the row, parses the options and calls run.
 */
#include "cli/verbs.h"

#include <string.h>

const struct verb verbs[] = {
	{
	    .name = "serve",
	    .group = VERBS_RUN,
	    .summary = "run the daemon in the foreground",
	    .about = "Accepts Segment events over HTTP, stores them on disk and delivers them to\n"
		     "Bento. Logs to standard error. SIGTERM or SIGINT stops it cleanly.",
	    .example = "bentospool serve -c /etc/bentospool/bentospool.conf",
	    .options = OPTION(CONFIG) | OPTION(DATABASE) | OPTION(VERBOSE) | OPTION(HELP),
	    .run = verb_serve,
	},
	{
	    .name = "reload",
	    .group = VERBS_RUN,
	    .summary = "reload the configuration of the running daemon",
	    .about =
		"Does what SIGHUP does: applies the whole new configuration or nothing, and lists\n"
		"the changes. All settings of a site take effect at once, secrets included. A\n"
		"change that requires a restart is refused.",
	    .example = "bentospool reload",
	    .options = OPTIONS_READ,
	    .run = verb_reload,
	},
	{
	    .name = "status",
	    .group = VERBS_LOOK,
	    .summary = "show the state of the daemon and of each site",
	    .about =
		"Counts events by status and shows the oldest waiting event, the last attempt,\n"
		"the rates in and out, and when the backlog will be drained. With --check, prints\n"
		"one line for a monitoring system, and exits 1 when the daemon is down or cannot\n"
		"commit, a site is paused or has been backing off for too long, an event has\n"
		"waited for too long, events failed or are held, or many requests are refused.",
	    .example = "bentospool status --check --max-age 15m",
	    .options = OPTIONS_READ | OPTION(UTC) | OPTION(CHECK) | OPTION(MAX_AGE)
		       | OPTION(MAX_BACKOFF) | OPTION(FAILED_SINCE) | OPTION(MAX_FAILED)
		       | OPTION(MAX_REFUSED) | OPTION(MIN_CERTIFICATE),
	    .run = verb_status,
	},
	{
	    .name = "top",
	    .group = VERBS_LOOK,
	    .summary = "watch sites, waiting events and errors on a live screen",
	    .about =
		"Refreshes every two seconds. The arrow keys choose a site; p pauses it after\n"
		"asking, r resumes it, f flushes it, q quits. Without a terminal, or with\n"
		"--json, prints one frame.",
	    .example = "bentospool top",
	    .options = OPTIONS_READ | OPTION(UTC),
	    .run = verb_top,
	},
	{
	    .name = "tail",
	    .group = VERBS_LOOK,
	    .summary = "follow events, attempts and operations as they happen",
	    .about =
		"Prints one line for each event that arrives, each attempt that ends and each\n"
		"operation. With a filter on events, an attempt prints one line for each matching\n"
		"event. Starts with the last lines, then looks once a second until interrupted.",
	    .example = "bentospool tail --email '*@example.com'",
	    .options = OPTIONS_READ | (OPTIONS_FILTER & ~OPTION(LIMIT)) | OPTION(BACKLOG)
		       | OPTION(NO_FOLLOW) | OPTION(UTC),
	    .run = verb_tail,
	},
	{
	    .name = "list",
	    .group = VERBS_LOOK,
	    .summary = "list events",
	    .about =
		"Oldest first, at most 50 unless --limit says otherwise. Without a filter, lists\n"
		"every event.",
	    .example = "bentospool list --status failed --since 2d",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTION(UTC) | OPTION(NEWEST),
	    .run = verb_list,
	},
	{
	    .name = "show",
	    .group = VERBS_LOOK,
	    .summary = "show one event and exactly what is sent to Bento",
	    .operands = "ID",
	    .about =
		"Shows the event, its attempts, the operations on it, and the object that was or\n"
		"would be sent to Bento.",
	    .example = "bentospool show 4711",
	    .options =
		OPTIONS_READ | OPTION(UTC) | OPTION(SHOW_MESSAGE_ID) | OPTION(RAW) | OPTION(SENT),
	    .max_operands = 1,
	    .run = verb_show,
	},
	{
	    .name = "history",
	    .group = VERBS_LOOK,
	    .summary = "show what happened to events, in order of time",
	    .about =
		"Shows arrival, attempts, operations and final status. Requires a filter. Shows\n"
		"the 50 oldest events unless --limit says otherwise.",
	    .example = "bentospool history --message-id ajs-next-1722515696",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTION(UTC),
	    .run = verb_history,
	},
	{
	    .name = "age",
	    .group = VERBS_LOOK,
	    .summary = "count waiting events by name and age",
	    .about =
		"Counts pending events, or the events that --status and other filters select.\n"
		"Each column counts the events younger than its title and older than the previous\n"
		"column. Shows the 15 most frequent names unless --limit says otherwise.",
	    .example = "bentospool age --site shop",
	    .options = OPTIONS_READ | OPTIONS_GROUP,
	    .run = verb_age,
	},
	{
	    .name = "errors",
	    .group = VERBS_LOOK,
	    .summary = "show failures grouped by Bento's error",
	    .about =
		"Groups failed and invalid events, events that the disk has changed, and pending\n"
		"events with a failed attempt, or the events that filters select. Each group\n"
		"shows how many events it has, its first and last time, one example, and\n"
		"the remedy: what to do first, and the command for these events. Addresses\n"
		"and long numbers are ignored when errors are compared.",
	    .example = "bentospool errors --since 1d",
	    .options = OPTIONS_READ | OPTIONS_GROUP | OPTION(UTC),
	    .run = verb_errors,
	},
	{
	    .name = "operations",
	    .group = VERBS_LOOK,
	    .summary = "list what operators did, to which events and why",
	    .operands = "[ID]",
	    .about =
		"Newest first, at most 50 unless --limit says otherwise. With an ID, shows that\n"
		"operation and the previous statuses of its events.",
	    .example = "bentospool operations 12",
	    .options = OPTIONS_READ | OPTION(LIMIT) | OPTION(UTC),
	    .max_operands = 1,
	    .run = verb_operations,
	},
	{
	    .name = "sql",
	    .group = VERBS_LOOK,
	    .summary = "run one read-only SQL query",
	    .operands = "STATEMENT",
	    .about =
		"Runs one SELECT over the views outbox, messages, attempts, history, failures,\n"
		"operations, counts, refusals and sites; see bentospool-schema(7). The\n"
		"statement - is read from standard input. The query cannot write, and is\n"
		"aborted after --timeout. Exits 3 when it returns no rows.",
	    .example = "bentospool sql \"SELECT status, count(*) FROM outbox GROUP BY 1\"",
	    .options = OPTIONS_READ | OPTION(SQL_TIMEOUT),
	    .max_operands = 1,
	    .run = verb_sql,
	},
	{
	    .name = "verify",
	    .group = VERBS_LOOK,
	    .summary = "look for damage in the database",
	    .about =
		"Reads everything: pages, the checksum of each event, its state, the spans, the\n"
		"counts, the messageIds. Works beside the daemon; without one it also checks the\n"
		"write-ahead log. Each finding comes with a remedy. Exits 1 when it finds any\n"
		"damage.",
	    .example = "bentospool verify",
	    .options = OPTIONS_READ,
	    .run = verb_verify,
	},
	{
	    .name = "requeue",
	    .group = VERBS_ACT,
	    .summary = "send undelivered events again",
	    .about =
		"Makes failed, invalid, held, discarded and unsupported events pending again and\n"
		"resets their charged attempts. Events that still cannot be sent return to their\n"
		"previous status. Delivered events are sent again only when --id, --message-id or\n"
		"--status delivered selects them. Works without a daemon.",
	    .example = "bentospool requeue --status failed --http-status 422 --dry-run",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_requeue,
	},
	{
	    .name = "hold",
	    .group = VERBS_ACT,
	    .summary = "hold pending events until they are released",
	    .about =
		"Held events are not sent. A request in flight is not interrupted. Works without\n"
		"a daemon.",
	    .example = "bentospool hold --name 'Order*' --note 'prices are wrong'",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_hold,
	},
	{
	    .name = "release",
	    .group = VERBS_ACT,
	    .summary = "release held events",
	    .about =
		"Makes events pending again, and due at once, whether an operator or bentospool\n"
		"held them. Their charged attempts stay. Events that the disk has changed are\n"
		"held again, unless --reason damaged, --message-id or ids name them. Works\n"
		"without a daemon.",
	    .example = "bentospool release --name 'Order*'",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_release,
	},
	{
	    .name = "discard",
	    .group = VERBS_ACT,
	    .summary = "discard undelivered events",
	    .about =
		"Discarded events are never sent but stay in the audit. Use undo or requeue to\n"
		"bring them back. Works without a daemon.",
	    .example = "bentospool discard --email '*@test.example' --dry-run",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_discard,
	},
	{
	    .name = "expire",
	    .group = VERBS_ACT,
	    .summary = "expire events now, as if they were too old",
	    .about =
		"Pending and held events become failed, with the reason expired. Works without a\n"
		"daemon.",
	    .example = "bentospool expire --until 7d",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_expire,
	},
	{
	    .name = "undo",
	    .group = VERBS_ACT,
	    .summary = "undo an operation",
	    .operands = "ID",
	    .about =
		"Restores the previous status of each event of a requeue, hold, release, discard,\n"
		"expire or undo, unless the event has changed since. Reports how many events were\n"
		"left alone, and why. Works without a daemon.",
	    .example = "bentospool undo 12 --dry-run",
	    .options = OPTIONS_READ | OPTIONS_CHANGE,
	    .max_operands = 1,
	    .run = verb_undo,
	},
	{
	    .name = "pause",
	    .group = VERBS_ACT,
	    .summary = "pause delivery to a site",
	    .about =
		"Events are still accepted and stored, and requests in flight finish. The pause\n"
		"outlasts restarts; status shows who paused the site and why. Without --site,\n"
		"pauses every site. Works without a daemon.",
	    .example = "bentospool pause --site shop --note 'Bento migrates tonight'",
	    .options = OPTIONS_READ | OPTION(SITE_CONTROL_SITE) | OPTION(NOTE),
	    .run = verb_pause,
	},
	{
	    .name = "resume",
	    .group = VERBS_ACT,
	    .summary = "resume delivery to a site",
	    .about =
		"Ends an operator's pause. A site that bentospool paused itself, for wrong keys\n"
		"for example, or that is backing off is also tried at once. Works without a\n"
		"daemon.",
	    .example = "bentospool resume --site shop",
	    .options = OPTIONS_READ | OPTION(SITE_CONTROL_SITE) | OPTION(NOTE),
	    .run = verb_resume,
	},
	{
	    .name = "flush",
	    .group = VERBS_ACT,
	    .summary = "retry a site now instead of waiting",
	    .about =
		"Ends the site's back-off with one probe at once, and makes its delayed events\n"
		"due. The pace limit still applies, and so does an operator's pause: resume ends\n"
		"it. Works without a daemon.",
	    .example = "bentospool flush",
	    .options = OPTIONS_READ | OPTION(SITE_CONTROL_SITE) | OPTION(NOTE),
	    .run = verb_flush,
	},
	{
	    .name = "erase",
	    .group = VERBS_ACT,
	    .summary = "erase a person from the database",
	    .about =
		"Finds the person by address and removes bodies, addresses, Bento's responses and\n"
		"quotes in other events. Discards the person's undelivered events. Rows without\n"
		"personal data stay for the audit. Does not reach Bento, archives, backups or\n"
		"exports. Cannot be undone.",
	    .example = "bentospool erase --email ann@example.com --dry-run",
	    .options = OPTIONS_READ | OPTION(ERASE_EMAIL) | OPTION(DRY_RUN) | OPTION(YES),
	    .run = verb_erase,
	},
	{
	    .name = "purge",
	    .group = VERBS_ACT,
	    .summary = "apply retention now",
	    .about =
		"Removes bodies, and later whole rows, as the retention settings say, and writes\n"
		"rows to the archive if one is set. The daemon does this every hour. Works\n"
		"without a daemon.",
	    .example = "bentospool purge --dry-run",
	    .options = OPTIONS_READ | OPTION(DRY_RUN) | OPTION(YES),
	    .run = verb_purge,
	},
	{
	    .name = "export",
	    .group = VERBS_MOVE,
	    .summary = "export events as lines of JSON",
	    .about =
		"Oldest first, with bodies as received. Without a filter, exports every event.\n"
		"With --redact, omits bodies and replaces each address with a stand-in that is\n"
		"the same throughout the export. The output is JSON with and without --json.",
	    .example = "bentospool export --status failed --output failed.ndjson",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTION(OUTPUT) | OPTION(REDACT),
	    .run = verb_export,
	},
	{
	    .name = "import",
	    .group = VERBS_MOVE,
	    .summary = "import events from lines of JSON",
	    .operands = "FILE|-",
	    .about =
		"Each line is an event from export or from an archive, or a Segment call. Unpacks\n"
		"gzip. Skips delivered events; the others keep their status. Skips events whose\n"
		"messageId is already stored, so an interrupted import can be repeated. Works\n"
		"without a daemon.",
	    .example = "bentospool import --dry-run failed.ndjson.gz",
	    .options = OPTIONS_READ | OPTION(INTO_SITE) | OPTION(DRY_RUN) | OPTION(NOTE),
	    .max_operands = 1,
	    .run = verb_import,
	},
	{
	    .name = "adopt",
	    .group = VERBS_MOVE,
	    .summary = "take over the undelivered events of another database",
	    .operands = "DATABASE",
	    .about =
		"For a machine that died: copies the pending, held and failed events of its\n"
		"database, in their order, with their attempts. Only reads the other file; never\n"
		"start a daemon on that file again. Can be repeated. Works without a daemon.",
	    .example = "bentospool adopt /mnt/old/spool.db --dry-run",
	    .options =
		OPTIONS_READ | OPTION(INTO_SITE) | OPTION(DRY_RUN) | OPTION(YES) | OPTION(NOTE),
	    .max_operands = 1,
	    .run = verb_adopt,
	},
	{
	    .name = "backup",
	    .group = VERBS_MOVE,
	    .summary = "copy the database while the daemon runs",
	    .operands = "FILE",
	    .about =
		"The copy is consistent and contains everything acknowledged before the backup\n"
		"began. Never replaces an existing file. bentospool restore puts it back.",
	    .example = "bentospool backup /var/backups/spool-monday.db",
	    .options = OPTIONS_READ,
	    .max_operands = 1,
	    .run = verb_backup,
	},
	{
	    .name = "restore",
	    .group = VERBS_MOVE,
	    .summary = "put a backup in the place of the database",
	    .operands = "FILE",
	    .about = "Stop the daemon first. The backup is copied and checked; then the present\n"
		     "database gets another name, and is not deleted. Says which events are only\n"
		     "there, and how to bring them over.",
	    .example = "bentospool restore /var/backups/spool-monday.db",
	    .options = OPTIONS_READ,
	    .max_operands = 1,
	    .run = verb_restore,
	},
	{
	    .name = "recover",
	    .group = VERBS_MOVE,
	    .summary = "make a new database from what is left of a damaged one",
	    .operands = "DAMAGED NEW",
	    .about =
		"Reads the damaged file page by page and writes a complete new database with the\n"
		"same events, ids, states and history. Says what could not be read. Holds events\n"
		"that the disk has changed, and events of which nothing says whether Bento has\n"
		"them, with the reason damaged. Never changes the damaged file. Stop the daemon\n"
		"first. Exits 1 when something is missing.",
	    .example = "bentospool recover /var/lib/bentospool/spool.db recovered.db",
	    .options = OPTION(JSON) | OPTION(HELP),
	    .max_operands = 2,
	    .run = verb_recover,
	},
	{
	    .name = "init",
	    .group = VERBS_SET_UP,
	    .summary = "create a configuration file",
	    .about =
		"Asks for the three keys of the Bento account, or takes them from the\n"
		"environment. Writes a configuration that explains every setting and, beside it,\n"
		"a file with the secret key that only its owner can read. Creates their directory\n"
		"and that of the database. Run as root, it gives the files to the user\n"
		"bentospool. Never replaces an existing file.",
	    .example = "bentospool init",
	    .options = OPTION(CONFIG) | OPTION(DATABASE) | OPTION(JSON) | OPTION(HELP),
	    .run = verb_init,
	},
	{
	    .name = "check",
	    .group = VERBS_SET_UP,
	    .summary = "check the configuration, or preview what an event becomes",
	    .about =
		"Prints the configuration that serve would use, with secrets masked. For an\n"
		"error, names file and line and exits 1. With --event, prints what a posted call\n"
		"or batch would become and why, without a daemon, and exits 1 when one of its\n"
		"events would not be sent.",
	    .example = "bentospool check --event order.json",
	    .options = OPTIONS_READ | OPTION(EVENT) | OPTION(TO_SITE),
	    .run = verb_check,
	},
	{
	    .name = "doctor",
	    .group = VERBS_SET_UP,
	    .summary = "find problems with this machine and its configuration",
	    .about =
		"Checks libraries, clock, file system, syncing, permissions, disk space,\n"
		"database, listeners or the health of a running daemon, DNS, TLS, and whether\n"
		"Bento accepts the keys, with one request that changes nothing. Each problem\n"
		"comes with a remedy. Exits 1 when there is a problem.",
	    .example = "bentospool doctor --offline",
	    .options =
		OPTION(CONFIG) | OPTION(DATABASE) | OPTION(JSON) | OPTION(HELP) | OPTION(OFFLINE),
	    .run = verb_doctor,
	},
	{
	    .name = "torture",
	    .group = VERBS_SET_UP,
	    .summary = "test whether a disk keeps what it has confirmed",
	    .operands = "DIRECTORY",
	    .about =
		"Stores events in a new subdirectory, with the code of the daemon, in processes\n"
		"that are killed at random moments, cannot let a file grow, or run out of file\n"
		"descriptors; everything acknowledged must be there afterward. Times syncs, and\n"
		"names mount options that break them. Needs no root, no network and 128 MiB, and\n"
		"removes its files. Exits 0 only when the promises were kept.",
	    .example = "bentospool torture /var/lib/bentospool --time 10m",
	    .options = OPTION(JSON) | OPTION(HELP) | OPTION(TIME),
	    .max_operands = 1,
	    .run = verb_torture,
	},
	{
	    .name = "send",
	    .group = VERBS_SET_UP,
	    .summary = "send a test event and wait for Bento's response",
	    .about =
		"Posts the event through the running daemon and reports each step. Exits 0 only\n"
		"when Bento accepted the event.",
	    .example = "bentospool send --name 'Test' --email you@example.com -p color=red",
	    .options = OPTIONS_READ | OPTION(EVENT) | OPTION(EVENT_NAME) | OPTION(EVENT_EMAIL)
		       | OPTION(PROPERTY) | OPTION(TO_SITE) | OPTION(TIMEOUT),
	    .run = verb_send,
	},
	{
	    .name = "completion",
	    .group = VERBS_SET_UP,
	    .summary = "print a completion script for bash, zsh or fish",
	    .operands = "SHELL",
	    .about = "Use it to install a script where make install does not.",
	    .example = "bentospool completion bash > ~/.bash_completion",
	    .options = OPTION(HELP),
	    .max_operands = 1,
	    .run = verb_completion,
	},
	{
	    .name = "version",
	    .group = VERBS_SET_UP,
	    .summary = "print the versions of bentospool and its libraries",
	    .about = "",
	    .example = "bentospool version --json",
	    .options = OPTION(JSON) | OPTION(HELP),
	    .run = verb_version,
	},
	{ .name = NULL },
};

const struct verb *
verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}
