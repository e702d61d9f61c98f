src_libbentospool_a_SOURCES += \
	src/control/connection.c \
	src/control/control.c \
	src/control/control.h \
	src/control/control_private.h \
	src/control/exchange.c \
	src/control/exchange.h \
	src/control/request.c \
	src/control/request_erase.c \
	src/control/request_import.c \
	src/control/request_operate.c \
	src/control/request_ping.c \
	src/control/request_purge.c \
	src/control/request_put.c \
	src/control/request_reload.c \
	src/control/request_site_control.c \
	src/control/task.c
