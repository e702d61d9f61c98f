src_libbentospool_a_SOURCES += \
	src/admin/accept.c \
	src/admin/accept.h \
	src/admin/admin.c \
	src/admin/admin.h \
	src/admin/admin_private.h \
	src/admin/exposition.c \
	src/admin/exposition.h \
	src/admin/health.c \
	src/admin/health.h \
	src/admin/metrics.c \
	src/admin/metrics.h \
	src/admin/metrics_private.h \
	src/admin/metrics_sites.c \
	src/admin/process.c \
	src/admin/process.h \
	src/admin/request.c \
	src/admin/routes.c \
	src/admin/routes.h
