#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

const struct verb verbs[] = {
	{
	    .name = "serve",
	    .summary = "run the daemon in the foreground",
	    .about = "Takes Segment events over HTTP, keeps them, sends them to Bento. Logs to\n"
		     "standard error; SIGTERM or SIGINT stops it cleanly.",
	    .example = "bentospool serve -c /etc/bentospool.conf",
	    .options = OPTION(CONFIG) | OPTION(DATABASE) | OPTION(VERBOSE) | OPTION(HELP),
	    .run = verb_serve,
	},
	{
	    .name = "status",
	    .summary = "how each site stands, and whether a daemon runs",
	    .about =
		"Counts events by status, names the oldest that waits and the last attempt,\n"
		"tells how fast events come and go, and when what waits will be gone. With\n"
		"--check it exits 1 when the daemon is down or can no longer commit, a site is\n"
		"paused, or something waits longer than --max-age.",
	    .example = "bentospool status --check --max-age 15m",
	    .options = OPTIONS_READ | OPTION(UTC) | OPTION(CHECK) | OPTION(MAX_AGE),
	    .run = verb_status,
	},
	{
	    .name = "list",
	    .summary = "the events that match",
	    .about = "Oldest first, 50 unless --limit says otherwise. Without a filter all match.",
	    .example = "bentospool list --status failed --since 2d",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTION(UTC) | OPTION(NEWEST),
	    .run = verb_list,
	},
	{
	    .name = "show",
	    .summary = "all about one event, and exactly what is sent",
	    .operands = "ID",
	    .about =
		"The event, its attempts, what operators did to it, and the object that was or\n"
		"would be sent to Bento.",
	    .example = "bentospool show 4711",
	    .options =
		OPTIONS_READ | OPTION(UTC) | OPTION(SHOW_MESSAGE_ID) | OPTION(RAW) | OPTION(SENT),
	    .max_operands = 1,
	    .run = verb_show,
	},
	{
	    .name = "age",
	    .summary = "how long events have waited, by their names",
	    .about =
		"Counts the pending events by name and age; --status and other filters choose\n"
		"others. A column holds what is younger than its title and not in the one\n"
		"before. The 15 most frequent names, unless --limit says otherwise.",
	    .example = "bentospool age --site shop",
	    .options = OPTIONS_READ | OPTIONS_GROUP,
	    .run = verb_age,
	},
	{
	    .name = "errors",
	    .summary = "what went wrong, put together by what Bento said",
	    .about =
		"Failed and invalid events, and those that wait after an attempt in vain; filters\n"
		"choose others. Each line tells how many, since when, and names one of them.\n"
		"Addresses and long numbers do not keep apart what else is the same.",
	    .example = "bentospool errors --since 1d",
	    .options = OPTIONS_READ | OPTIONS_GROUP | OPTION(UTC),
	    .run = verb_errors,
	},
	{
	    .name = "history",
	    .summary = "all that happened to the events that match, by time",
	    .about =
		"When each arrived, its attempts, what operators did to it, how it ended. The 50\n"
		"oldest, unless --limit says otherwise. Wants a filter.",
	    .example = "bentospool history --message-id ajs-next-1722515696",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTION(UTC),
	    .run = verb_history,
	},
	{
	    .name = "tail",
	    .summary = "what happens, as it happens",
	    .about =
		"A line for each event that arrives, attempt that ends, and operation. With a\n"
		"filter about single events an attempt has a line for each of its events that\n"
		"match. Begins with the last lines, then looks once a second until interrupted.",
	    .example = "bentospool tail --email '*@example.com'",
	    .options = OPTIONS_READ | (OPTIONS_FILTER & ~OPTION(LIMIT)) | OPTION(BACKLOG)
		       | OPTION(NO_FOLLOW) | OPTION(UTC),
	    .run = verb_tail,
	},
	{
	    .name = "top",
	    .summary = "a live screen: sites, what waits by age, errors",
	    .about =
		"Drawn anew every two seconds. The arrows choose a site, p pauses it, after a\n"
		"question, r resumes it, f has it try now, q quits. Without a terminal, and\n"
		"with --json, it prints one frame.",
	    .example = "bentospool top",
	    .options = OPTIONS_READ | OPTION(UTC),
	    .run = verb_top,
	},
	{
	    .name = "requeue",
	    .summary = "send events again that did not arrive",
	    .about =
		"Makes failed, invalid, held, discarded and unsupported events pending again,\n"
		"with no attempts charged; those that still cannot be sent go back. Delivered\n"
		"ones are sent again only when they are named by --id, --message-id or\n"
		"--status delivered. Works without a daemon too.",
	    .example = "bentospool requeue --status failed --http-status 422 --dry-run",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_requeue,
	},
	{
	    .name = "hold",
	    .summary = "keep pending events back until release",
	    .about = "What waits is held and not sent; a request under way ends by itself.",
	    .example = "bentospool hold --name 'Order*' --note 'prices are wrong'",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_hold,
	},
	{
	    .name = "release",
	    .summary = "let held events go on where they were",
	    .about = "Held events, by an operator or by the spooler, are pending again and due at\n"
		     "once; what was charged to them stays.",
	    .example = "bentospool release --name 'Order*'",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_release,
	},
	{
	    .name = "discard",
	    .summary = "decide that events are not to be sent",
	    .about =
		"Whatever is not delivered can be discarded. It stays in the audit, and undo or\n"
		"requeue brings it back.",
	    .example = "bentospool discard --email '*@test.example' --dry-run",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_discard,
	},
	{
	    .name = "expire",
	    .summary = "give events up, as if they were too old",
	    .about = "Pending and held events become failed, with the reason expired.",
	    .example = "bentospool expire --until 7d",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTIONS_CHANGE,
	    .run = verb_expire,
	},
	{
	    .name = "operations",
	    .summary = "what operators did: who, when, which events, why",
	    .operands = "[ID]",
	    .about =
		"The newest first, 50 unless --limit says otherwise; with an id that one, and\n"
		"how its events stood before.",
	    .example = "bentospool operations 12",
	    .options = OPTIONS_READ | OPTION(LIMIT) | OPTION(UTC),
	    .max_operands = 1,
	    .run = verb_operations,
	},
	{
	    .name = "undo",
	    .summary = "take an operation back, as far as nothing has moved on",
	    .operands = "ID",
	    .about =
		"Each event of a requeue, hold, release, discard, expire or undo that is still as\n"
		"the operation left it becomes what it was before. The others stay, and it says\n"
		"why. Works without a daemon too.",
	    .example = "bentospool undo 12 --dry-run",
	    .options = OPTIONS_READ | OPTIONS_CHANGE,
	    .max_operands = 1,
	    .run = verb_undo,
	},
	{
	    .name = "pause",
	    .summary = "send nothing for a site, until resume",
	    .about =
		"Events are still taken and kept. Requests under way end by themselves. It lasts\n"
		"across restarts, and status shows who paused it and why. Without --site it is\n"
		"every site. Works without a daemon too.",
	    .example = "bentospool pause --site shop --note 'Bento migrates tonight'",
	    .options = OPTIONS_READ | OPTION(SITE_CONTROL_SITE) | OPTION(NOTE),
	    .run = verb_pause,
	},
	{
	    .name = "resume",
	    .summary = "end a pause, and try at once",
	    .about =
		"Ends what pause began. A site that paused by itself, for wrong keys say, or that\n"
		"backs off is tried at once as well.",
	    .example = "bentospool resume --site shop",
	    .options = OPTIONS_READ | OPTION(SITE_CONTROL_SITE) | OPTION(NOTE),
	    .run = verb_resume,
	},
	{
	    .name = "flush",
	    .summary = "try now, whatever a site waits for",
	    .about =
		"The site's back-off ends with one probe at once, and its events that wait for a\n"
		"time of their own are due. The pace stays. A pause by an operator stays, too:\n"
		"resume ends it.",
	    .example = "bentospool flush",
	    .options = OPTIONS_READ | OPTION(SITE_CONTROL_SITE) | OPTION(NOTE),
	    .run = verb_flush,
	},
	{
	    .name = "erase",
	    .summary = "remove a person from everything the database holds",
	    .about =
		"By the address: bodies, addresses, answers of Bento, quotes in other events.\n"
		"What waits for that person is discarded; rows without personal data stay for\n"
		"the audit. Bento, archives, backups and exports are not touched. It cannot be\n"
		"taken back.",
	    .example = "bentospool erase --email ann@example.com --dry-run",
	    .options = OPTIONS_READ | OPTION(ERASE_EMAIL) | OPTION(DRY_RUN) | OPTION(YES),
	    .run = verb_erase,
	},
	{
	    .name = "purge",
	    .summary = "take away now what retention would take away",
	    .about =
		"By the settings of the section retention: bodies first, whole rows later, into\n"
		"the archive if there is one. The daemon does the same every hour; works without\n"
		"one, too.",
	    .example = "bentospool purge --dry-run",
	    .options = OPTIONS_READ | OPTION(DRY_RUN) | OPTION(YES),
	    .run = verb_purge,
	},
	{
	    .name = "export",
	    .summary = "the events that match, as lines of JSON",
	    .about = "Oldest first, with their bodies as received. Without a filter all match.\n"
		     "With --redact an address becomes a stand-in, the same one throughout the\n"
		     "export, and bodies are left out. Text and JSON are the same here.",
	    .example = "bentospool export --status failed --output failed.ndjson",
	    .options = OPTIONS_READ | OPTIONS_FILTER | OPTION(OUTPUT) | OPTION(REDACT),
	    .run = verb_export,
	},
	{
	    .name = "import",
	    .summary = "store events from lines of JSON: exports, archives, Segment's",
	    .operands = "FILE|-",
	    .about =
		"Each line is an event as export and archives write it, or a Segment call;\n"
		"gzip is unpacked. A messageId that is there is not stored again, so that it can\n"
		"be run once more after whatever stopped it. Delivered events are left out, the\n"
		"others keep their status. Works without a daemon too.",
	    .example = "bentospool import --dry-run failed.ndjson.gz",
	    .options = OPTIONS_READ | OPTION(INTO_SITE) | OPTION(DRY_RUN) | OPTION(NOTE),
	    .max_operands = 1,
	    .run = verb_import,
	},
	{
	    .name = "adopt",
	    .summary = "take over what another database has not delivered",
	    .operands = "DATABASE",
	    .about =
		"For a machine that died: the pending, held and failed events of its database\n"
		"are stored here, in their order and with all that is known of them. The other\n"
		"file is only read; no daemon may run on it, now or later. Can be run again.\n"
		"Works without a daemon too.",
	    .example = "bentospool adopt /mnt/old/spool.db --dry-run",
	    .options = OPTIONS_READ | OPTION(INTO_SITE) | OPTION(DRY_RUN) | OPTION(NOTE),
	    .max_operands = 1,
	    .run = verb_adopt,
	},
	{
	    .name = "backup",
	    .summary = "a consistent copy of the database, while the daemon runs",
	    .operands = "FILE",
	    .about =
		"All that was acknowledged before it began is in it. A file that is there is\n"
		"never replaced. To use it, stop the daemon and put it in the database's place.",
	    .example = "bentospool backup /var/backups/spool-monday.db",
	    .options = OPTIONS_READ,
	    .max_operands = 1,
	    .run = verb_backup,
	},
	{
	    .name = "reload",
	    .summary = "have the daemon read its configuration again",
	    .about =
		"As SIGHUP does: all of it or nothing, and it says what changed. Everything of a\n"
		"site is used at once, secrets among it; what asks for a restart is refused.",
	    .example = "bentospool reload",
	    .options = OPTIONS_READ,
	    .run = verb_reload,
	},
	{
	    .name = "check",
	    .summary = "the configuration in effect, or what an event would become",
	    .about =
		"Reads everything that serve would read, secrets masked, and exits 1 with file\n"
		"and line when something is wrong with it. With --event it says what a server's\n"
		"call, or a batch of them, would become and why, without a daemon; it exits 1\n"
		"when one would not be sent.",
	    .example = "bentospool check --event order.json",
	    .options = OPTIONS_READ | OPTION(EVENT) | OPTION(TO_SITE),
	    .run = verb_check,
	},
	{
	    .name = "init",
	    .summary = "write a configuration, after asking for the keys",
	    .about =
		"Asks for the three keys of the Bento account, or takes them from the\n"
		"environment, and writes a configuration with every setting explained and, beside\n"
		"it, a file with the secret key that nobody else can read. A file that is there\n"
		"is never replaced.",
	    .example = "bentospool init -c /etc/bentospool.conf",
	    .options = OPTION(CONFIG) | OPTION(DATABASE) | OPTION(JSON) | OPTION(HELP),
	    .run = verb_init,
	},
	{
	    .name = "doctor",
	    .summary = "look for what would go wrong on this machine",
	    .about =
		"Libraries with known defects, clock, file system, syncing, permissions, disk,\n"
		"the database and its log, ports or the health of the daemon that runs, DNS, TLS,\n"
		"and whether Bento knows the keys: it asks one question that changes nothing.\n"
		"Each finding comes with its remedy. Exits 1 at a problem.",
	    .example = "bentospool doctor --offline",
	    .options =
		OPTION(CONFIG) | OPTION(DATABASE) | OPTION(JSON) | OPTION(HELP) | OPTION(OFFLINE),
	    .run = verb_doctor,
	},
	{
	    .name = "send",
	    .summary = "a test event through the running daemon, until Bento answered",
	    .about = "Exits 0 only when Bento took the event.",
	    .example = "bentospool send --name 'Test' --email you@example.com -p colour=red",
	    .options = OPTIONS_READ | OPTION(EVENT) | OPTION(EVENT_NAME) | OPTION(EVENT_EMAIL)
		       | OPTION(PROPERTY) | OPTION(TO_SITE) | OPTION(TIMEOUT),
	    .run = verb_send,
	},
	{
	    .name = "sql",
	    .summary = "a question to the database, which it can only read",
	    .operands = "STATEMENT",
	    .about = "One SELECT over the views outbox, messages, attempts, history, failures,\n"
		     "operations and sites; see bentospool-schema(7). - reads it from standard\n"
		     "input. It cannot write, and ends after --timeout. Exits 3 without rows.",
	    .example = "bentospool sql \"SELECT status, count(*) FROM outbox GROUP BY 1\"",
	    .options = OPTIONS_READ | OPTION(SQL_TIMEOUT),
	    .max_operands = 1,
	    .run = verb_sql,
	},
	{
	    .name = "completion",
	    .summary = "what bash, zsh or fish need to complete a command line",
	    .operands = "SHELL",
	    .about = "make install puts it where these shells look; this is for other places.",
	    .example = "bentospool completion bash > ~/.bash_completion",
	    .options = OPTION(HELP),
	    .max_operands = 1,
	    .run = verb_completion,
	},
	{
	    .name = "version",
	    .summary = "the versions of this program and its libraries",
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

static void
print_group(const char *title, option_set set)
{
	if (set == 0)
		return;
	printf("\n%s:\n", title);
	options_print(set, stdout);
}

void
verb_print_help(const struct verb *verb)
{
	option_set filters = verb->options & OPTIONS_FILTER;

	printf("bentospool %s: %s\n\nusage: bentospool %s [options]%s%s\n", verb->name,
	    verb->summary, verb->name, verb->operands == NULL ? "" : " ",
	    verb->operands == NULL ? "" : verb->operands);
	if (verb->about[0] != '\0')
		printf("\n%s\n", verb->about);
	print_group("which events; all that is given must hold", filters);
	print_group("options", verb->options & ~filters);
	printf("\nexample:\n  %s\n", verb->example);
}

void
verb_print_all(void)
{
	printf("bentospool: keeps Segment events on disk and delivers them to Bento\n\n"
	       "usage: bentospool VERB [options]\n\n");
	for (const struct verb *v = verbs; v->name != NULL; v++)
		printf("  %-10s %s\n", v->name, v->summary);
	printf("  %-10s this list, or the options of a verb: help VERB\n", "help");
	printf("\nconfiguration: -c FILE, else $BENTOSPOOL_CONFIG, else\n"
	       "  " SPOOL_SYSCONFDIR "/bentospool.conf\n");
	printf("\nexit: 0 done, 1 error, 2 wrong usage, 3 nothing matched\n");
}
