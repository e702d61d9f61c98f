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
	src/admin/minutes.c \
	src/admin/minutes.h \
	src/admin/operations.c \
	src/admin/operations.h \
	src/admin/overview.c \
	src/admin/overview.h \
	src/admin/page.c \
	src/admin/page.h \
	src/admin/process.c \
	src/admin/process.h \
	src/admin/request.c \
	src/admin/routes.c \
	src/admin/routes.h

PAGE_FILES = \
	src/admin/page/api.js \
	src/admin/page/chart.js \
	src/admin/page/dashboard.css \
	src/admin/page/dashboard.js \
	src/admin/page/dom.js \
	src/admin/page/icon.svg \
	src/admin/page/index.html \
	src/admin/page/operations.js \
	src/admin/page/overview.js \
	src/admin/page/parts.css \
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
