"""A past for a database, and the work of a query: for tests of what people ask."""
import contextlib
import sqlite3

import spoolchecksum


def give_rows(file):
    """Gives each event of a database a row in delivery, so that a test can change one of them."""
    file.executescript("""
        INSERT INTO attempt_event (event_id, attempt_id)
        SELECT event_id, span_attempt_id FROM state WHERE span_attempt_id IS NOT NULL;
        CREATE TEMP TABLE normal AS SELECT event_id, site_id, status, settled_at, attempts,
            last_attempt_id FROM state WHERE event_id NOT IN (SELECT event_id FROM delivery);
        INSERT INTO delivery (event_id, site_id, status, settled_at, attempts, last_attempt_id)
        SELECT * FROM normal;
        DELETE FROM span;
        UPDATE site_count SET events = events - (SELECT count(*) FROM normal n
            WHERE n.site_id = site_count.site_id AND n.status = site_count.status
            AND n.event_id <= (SELECT value FROM meta WHERE key = 'counted_to'));
        DROP TABLE normal;""")


HISTORY = 20480


def give_history(file):
    """Adds HISTORY events that were delivered in batches of 1,024 a year ago, before all others."""
    file.executescript(f"""
        UPDATE event SET event_id = event_id + {HISTORY};
        UPDATE meta SET value = value + {HISTORY} WHERE key = 'counted_to';
        UPDATE delivery SET event_id = event_id + {HISTORY};
        UPDATE span SET first_event_id = first_event_id + {HISTORY},
            last_event_id = last_event_id + {HISTORY};
        UPDATE attempt_event SET event_id = event_id + {HISTORY};
        UPDATE operation_event SET event_id = event_id + {HISTORY};
        UPDATE attempt SET first_event_id = first_event_id + {HISTORY},
            last_event_id = last_event_id + {HISTORY};
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {HISTORY})
        INSERT INTO event (event_id, site_id, message_id, kind, name, email, occurred_at,
            received_at, body)
        SELECT i, 1, 'old-' || i, 'track', 'Old', 'old@example.com', unixepoch('now', '-1 year') * 1000,
            unixepoch('now', '-1 year') * 1000, '{{}}' FROM n;
        INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at, events,
            first_event_id, last_event_id, bytes, outcome)
        SELECT -event_id, 1, 1, received_at, received_at, 1024, event_id, event_id + 1023, 1,
            'delivered' FROM event WHERE event_id <= {HISTORY} AND event_id % 1024 = 1;
        INSERT INTO span (site_id, first_event_id, last_event_id, attempt_id)
        SELECT 1, first_event_id, last_event_id, attempt_id FROM attempt WHERE attempt_id < 0;
        INSERT INTO site_count VALUES (1, 'delivered', {HISTORY})
        ON CONFLICT DO UPDATE SET events = events + excluded.events;
        INSERT INTO event_block (block, first_received_at, last_received_at, events, counted)
        SELECT event_id >> 11, min(received_at), max(received_at), count(*), 0 FROM event
        WHERE event_id < {HISTORY} >> 11 << 11 GROUP BY 1;
        DELETE FROM message_chunk;
        INSERT INTO message_chunk (block, first, ids)
        SELECT event_id >> 11, min(message_id),
            char(10) || group_concat(message_id, char(10)) || char(10)
        FROM event WHERE event_id < {HISTORY} GROUP BY event_id >> 11;""")
    spoolchecksum.seal(file)


def steps(path, sql):
    """The thousands of steps that SQLite takes for a query: reading HISTORY takes many hundreds."""
    count = [0]

    def step():
        count[0] += 1

    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        file.set_progress_handler(step, 1000)
        file.execute(sql).fetchall()
    return count[0]
