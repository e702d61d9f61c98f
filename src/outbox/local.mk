src_libbentospool_a_SOURCES += \
	src/outbox/archive.c src/outbox/archive.h \
	src/outbox/attempts.c src/outbox/attempts.h \
	src/outbox/audit.c src/outbox/audit.h \
	src/outbox/audit_event.c \
	src/outbox/audit_look.c src/outbox/audit_look.h \
	src/outbox/audit_rate.c src/outbox/audit_tail.c \
	src/outbox/audit_operation.c \
	src/outbox/audit_priv.h \
	src/outbox/db.c src/outbox/db.h \
	src/outbox/dedup.c src/outbox/dedup.h \
	src/outbox/erase.c src/outbox/erase.h \
	src/outbox/erase_text.c src/outbox/erase_text.h \
	src/outbox/export.c src/outbox/export.h \
	src/outbox/files.c src/outbox/files.h \
	src/outbox/filter.c src/outbox/filter.h \
	src/outbox/filter_json.c \
	src/outbox/import.c src/outbox/import.h \
	src/outbox/import_line.c src/outbox/import_line.h \
	src/outbox/identity.c src/outbox/identity.h src/outbox/identity_priv.h \
	src/outbox/identity_adopt.c \
	src/outbox/internal.h \
	src/outbox/lines.c src/outbox/lines.h \
	src/outbox/lock.c src/outbox/lock.h \
	src/outbox/messages.c src/outbox/messages.h \
	src/outbox/migrate.c src/outbox/migrate.h \
	src/outbox/ndjson.c src/outbox/ndjson.h \
	src/outbox/operation.c src/outbox/operation.h \
	src/outbox/operate.c src/outbox/operate.h src/outbox/operate_priv.h \
	src/outbox/person_line.c src/outbox/person_line.h \
	src/outbox/outbox.c src/outbox/outbox.h \
	src/outbox/purge.c src/outbox/purge.h \
	src/outbox/put.c src/outbox/put.h \
	src/outbox/query.c src/outbox/query.h \
	src/outbox/reader.c src/outbox/reader.h \
	src/outbox/room.c src/outbox/room.h \
	src/outbox/settle.c src/outbox/settle.h \
	src/outbox/sites.c src/outbox/sites.h \
	src/outbox/space.c src/outbox/space.h \
	src/outbox/steer.c src/outbox/steer.h \
	src/outbox/upgrade.c src/outbox/upgrade.h \
	src/outbox/undo.c \
	src/outbox/waiting.c src/outbox/waiting.h src/outbox/waiting_go.c \
	src/outbox/writer.c
