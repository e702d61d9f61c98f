# The SQL of the outbox, embedded as C at build time.
EXTRA_DIST += schema/embed.awk schema/0001_outbox.sql schema/0002_pause.sql \
	schema/0003_detail.sql schema/0004_retention.sql schema/0005_endpoint.sql schema/0006_learnt.sql schema/0007_browser.sql schema/0008_undo.sql \
	schema/0009_identity.sql \
	schema/0010_erasure.sql schema/0011_questions.sql \
	schema/views.sql schema/statements.sql schema/statements_audit.sql

nodist_src_libbentospool_a_SOURCES = src/outbox/file/schema.gen.c src/outbox/file/schema.gen.h
BUILT_SOURCES += src/outbox/file/schema.gen.c src/outbox/file/schema.gen.h
CLEANFILES += src/outbox/file/schema.gen.c src/outbox/file/schema.gen.h

# Order matters: the script first, then what it reads.
SCHEMA_INPUTS = $(srcdir)/schema/embed.awk \
	$(srcdir)/schema/0001_outbox.sql \
	$(srcdir)/schema/0002_pause.sql \
	$(srcdir)/schema/0003_detail.sql \
	$(srcdir)/schema/0004_retention.sql \
	$(srcdir)/schema/0005_endpoint.sql \
	$(srcdir)/schema/0006_learnt.sql \
	$(srcdir)/schema/0007_browser.sql \
	$(srcdir)/schema/0008_undo.sql \
	$(srcdir)/schema/0009_identity.sql \
	$(srcdir)/schema/0010_erasure.sql \
	$(srcdir)/schema/0011_questions.sql \
	$(srcdir)/schema/views.sql \
	$(srcdir)/schema/statements.sql \
	$(srcdir)/schema/statements_audit.sql

src/outbox/file/schema.gen.h: $(SCHEMA_INPUTS)
	@$(MKDIR_P) src/outbox/file
	$(AM_V_GEN)$(AWK) -v out=header -f $(SCHEMA_INPUTS) > $@.tmp && mv $@.tmp $@
src/outbox/file/schema.gen.c: $(SCHEMA_INPUTS) src/outbox/file/schema.gen.h
	@$(MKDIR_P) src/outbox/file
	$(AM_V_GEN)$(AWK) -v out=source -f $(SCHEMA_INPUTS) > $@.tmp && mv $@.tmp $@
