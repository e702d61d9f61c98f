src_libbentospool_a_SOURCES += \
	src/client/control_client.c \
	src/client/control_client.h \
	src/client/offline.c \
	src/client/offline.h \
	src/client/operating.c \
	src/client/operating.h \
	src/client/peer.c \
	src/client/peer.h \
	src/client/site_control.h
