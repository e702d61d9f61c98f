src_libbentospool_a_SOURCES += \
	src/client/client.c \
	src/client/client.h \
	src/client/control_client.c \
	src/client/control_client.h \
	src/client/importer.c \
	src/client/importer.h \
	src/client/offline.c \
	src/client/offline.h \
	src/client/peer.c \
	src/client/peer.h
