src_libbentospool_a_SOURCES += \
	src/dispatch/transport.h src/dispatch/dispatcher.h
