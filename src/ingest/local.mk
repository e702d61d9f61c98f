src_libbentospool_a_SOURCES += \
	src/ingest/ingest.h
