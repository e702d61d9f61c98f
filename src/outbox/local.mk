src_libbentospool_a_SOURCES += \
	src/outbox/db.c src/outbox/db.h \
	src/outbox/audit.c src/outbox/audit.h \
	src/outbox/audit_event.c src/outbox/audit_priv.h \
	src/outbox/filter.c src/outbox/filter.h src/outbox/filter_json.c \
	src/outbox/operate.c src/outbox/operate.h \
	src/outbox/outbox.h \
	src/outbox/reader.h
