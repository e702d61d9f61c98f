# The SQL of the outbox, turned into C at build time.
MIGRATIONS = \
	schema/0001_outbox.sql \
	schema/0002_pause.sql \
	schema/0003_detail.sql \
	schema/0004_retention.sql \
	schema/0005_endpoint.sql \
	schema/0006_learnt.sql \
	schema/0007_browser.sql \
	schema/0008_undo.sql \
	schema/0009_identity.sql \
	schema/0010_erasure.sql \
	schema/0011_questions.sql
# One file for each module that has statements, by its name.
STATEMENTS = \
	schema/statements/attempts.sql \
	schema/statements/dedup.sql \
	schema/statements/identity.sql \
	schema/statements/settle.sql \
	schema/statements/sites.sql \
	schema/statements/store.sql \
	schema/statements/unresolved.sql
LEGACY = schema/statements.sql schema/statements_audit.sql
EXTRA_DIST += schema/sql.awk schema/embed.awk schema/statements.awk $(MIGRATIONS) schema/views.sql \
	$(STATEMENTS) $(LEGACY) schema/legacy.awk

SCHEMA_GENERATED = \
	src/outbox/file/legacy.gen.c \
	src/outbox/file/legacy.gen.h \
	src/outbox/file/schema.gen.c \
	src/outbox/file/schema.gen.h \
	src/outbox/file/statements.gen.c \
	src/outbox/file/statements.gen.h
nodist_src_libbentospool_a_SOURCES = $(SCHEMA_GENERATED)
BUILT_SOURCES += $(SCHEMA_GENERATED) src/outbox/file/statements_facts.gen.h
CLEANFILES += $(SCHEMA_GENERATED) src/outbox/file/statements_facts.gen.h

# The SQL is named from the top of the tree in messages, so each script runs there.
SCHEMA_AWK = $(MKDIR_P) src/outbox/file && ( cd $(srcdir) && $(AWK) -f schema/sql.awk
SCHEMA_INTO = ) > $@.tmp && mv $@.tmp $@

src/outbox/file/schema.gen.h: schema/sql.awk schema/embed.awk $(MIGRATIONS) schema/views.sql
	$(AM_V_GEN)$(SCHEMA_AWK) -f schema/embed.awk -v out=header $(MIGRATIONS) schema/views.sql $(SCHEMA_INTO)
src/outbox/file/schema.gen.c: src/outbox/file/schema.gen.h
	$(AM_V_GEN)$(SCHEMA_AWK) -f schema/embed.awk -v out=source $(MIGRATIONS) schema/views.sql $(SCHEMA_INTO)
src/outbox/file/statements.gen.h: schema/sql.awk schema/statements.awk $(STATEMENTS)
	$(AM_V_GEN)$(SCHEMA_AWK) -f schema/statements.awk -v out=header $(STATEMENTS) $(SCHEMA_INTO)
src/outbox/file/statements.gen.c: src/outbox/file/statements.gen.h
	$(AM_V_GEN)$(SCHEMA_AWK) -f schema/statements.awk -v out=source $(STATEMENTS) $(SCHEMA_INTO)
src/outbox/file/statements_facts.gen.h: src/outbox/file/statements.gen.h
	$(AM_V_GEN)$(SCHEMA_AWK) -f schema/statements.awk -v out=facts $(STATEMENTS) $(SCHEMA_INTO)

src/outbox/file/legacy.gen.h: schema/legacy.awk $(LEGACY)
	$(AM_V_GEN)$(MKDIR_P) src/outbox/file && ( cd $(srcdir) && $(AWK) -f schema/legacy.awk -v out=header $(LEGACY) $(SCHEMA_INTO)
src/outbox/file/legacy.gen.c: schema/legacy.awk $(LEGACY)
	$(AM_V_GEN)$(MKDIR_P) src/outbox/file && ( cd $(srcdir) && $(AWK) -f schema/legacy.awk -v out=source $(LEGACY) $(SCHEMA_INTO)
