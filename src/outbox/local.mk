src_libbentospool_a_SOURCES += \
	src/outbox/db.c src/outbox/db.h \
	src/outbox/operate.h \
	src/outbox/outbox.h \
	src/outbox/reader.h
