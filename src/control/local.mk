src_libbentospool_a_SOURCES += \
	src/control/connection.c \
	src/control/control.c \
	src/control/control.h \
	src/control/control_private.h \
	src/control/request.c \
	src/control/task.c \
	src/control/task_import.c \
	src/control/task_operate.c
