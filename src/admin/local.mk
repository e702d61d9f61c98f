src_libbentospool_a_SOURCES += \
	src/admin/metrics/accept.c \
	src/admin/metrics/accept.h \
	src/admin/act/act.c \
	src/admin/act/act.h \
	src/admin/act/act_request.c \
	src/admin/act/act_request.h \
	src/admin/act/control_call.c \
	src/admin/act/control_call.h \
	src/admin/act/count.c \
	src/admin/act/count.h \
	src/admin/admin.c \
	src/admin/admin.h \
	src/admin/body_json.c \
	src/admin/body_json.h \
	src/admin/metrics/exposition.c \
	src/admin/metrics/exposition.h \
	src/admin/health.c \
	src/admin/health.h \
	src/admin/metrics/metrics.c \
	src/admin/metrics/metrics_boxes.c \
	src/admin/metrics/metrics.h \
	src/admin/metrics/metrics_private.h \
	src/admin/metrics/metrics_sites.c \
	src/admin/minutes.c \
	src/admin/minutes.h \
	src/admin/overview.c \
	src/admin/overview.h \
	src/admin/page.c \
	src/admin/page.h \
	src/admin/permission.c \
	src/admin/permission.h \
	src/admin/metrics/process.c \
	src/admin/metrics/process.h \
	src/admin/read/criteria.c \
	src/admin/read/criteria.h \
	src/admin/read/disk.c \
	src/admin/read/disk.h \
	src/admin/read/doctor.c \
	src/admin/read/doctor.h \
	src/admin/read/errors.c \
	src/admin/read/errors.h \
	src/admin/read/event.c \
	src/admin/read/event.h \
	src/admin/read/events.c \
	src/admin/read/events.h \
	src/admin/read/facts.c \
	src/admin/read/facts.h \
	src/admin/read/operations.c \
	src/admin/read/operations.h \
	src/admin/read/params.c \
	src/admin/read/params.h \
	src/admin/read/reading.c \
	src/admin/read/reading.h \
	src/admin/read/storage.c \
	src/admin/read/storage.h \
	src/admin/request.c \
	src/admin/routes.c \
	src/admin/routes.h \
	src/admin/state.h \
	src/admin/who/address.c \
	src/admin/who/address.h \
	src/admin/who/attempts.c \
	src/admin/who/attempts.h \
	src/admin/who/headers.c \
	src/admin/who/headers.h \
	src/admin/who/login.c \
	src/admin/who/login.h \
	src/admin/who/who.c \
	src/admin/who/who.h

PAGE_FILES = \
	src/admin/page/act.js \
	src/admin/page/api.js \
	src/admin/page/chart.js \
	src/admin/page/dashboard.css \
	src/admin/page/dashboard.js \
	src/admin/page/dom.js \
	src/admin/page/errors.js \
	src/admin/page/event.js \
	src/admin/page/events.js \
	src/admin/page/filter.js \
	src/admin/page/icon.svg \
	src/admin/page/index.html \
	src/admin/page/operations.js \
	src/admin/page/overview.js \
	src/admin/page/parts.css \
	src/admin/page/session.js \
	src/admin/page/storage.js \
	src/admin/page/words.js
EXTRA_DIST += src/admin/page/embed.awk $(PAGE_FILES)
nodist_src_libbentospool_a_SOURCES += src/admin/page/files.gen.c
BUILT_SOURCES += src/admin/page/files.gen.c
CLEANFILES += src/admin/page/files.gen.c

# Run at the top of the tree, so that messages name the file by its path from there.
src/admin/page/files.gen.c: src/admin/page/embed.awk $(PAGE_FILES)
	$(AM_V_GEN)$(MKDIR_P) src/admin/page && ( cd $(srcdir) && LC_ALL=C $(AWK) \
		-f src/admin/page/embed.awk $(PAGE_FILES) ) > $@.tmp && mv $@.tmp $@
