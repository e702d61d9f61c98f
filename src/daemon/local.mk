src_libbentospool_a_SOURCES += \
	src/daemon/alarm.c \
	src/daemon/alarm.h \
	src/daemon/clocks.c \
	src/daemon/clocks.h \
	src/daemon/daemon.c \
	src/daemon/daemon.h \
	src/daemon/daemon_private.h \
	src/daemon/jobs/corrections.c \
	src/daemon/jobs/corrections.h \
	src/daemon/jobs/erasures.c \
	src/daemon/jobs/erasures.h \
	src/daemon/jobs/identities.c \
	src/daemon/jobs/identities.h \
	src/daemon/jobs/job.c \
	src/daemon/jobs/job.h \
	src/daemon/jobs/retention.c \
	src/daemon/jobs/retention.h \
	src/daemon/notify.c \
	src/daemon/notify.h \
	src/daemon/process.c \
	src/daemon/process.h \
	src/daemon/reload.c \
	src/daemon/site_changes.c \
	src/daemon/site_changes.h \
	src/daemon/start.c \
	src/daemon/wiring.c \
	src/daemon/wiring.h
