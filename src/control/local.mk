src_libbentospool_a_SOURCES += \
	src/control/client.c src/control/client.h \
	src/control/connection.c \
	src/control/control.c src/control/control.h \
	src/control/internal.h \
	src/control/request.c \
	src/control/task.c \
	src/control/task_operate.c
