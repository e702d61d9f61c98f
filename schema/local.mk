# The SQL of the outbox, turned into C at build time.
MIGRATIONS = schema/0001_outbox.sql
# One file for each module that has statements, named after it.
STATEMENTS = \
	schema/statements/attempts.sql \
	schema/statements/audit.sql \
	schema/statements/audit_box.sql \
	schema/statements/audit_event.sql \
	schema/statements/audit_operation.sql \
	schema/statements/audit_intake.sql \
	schema/statements/audit_rate.sql \
	schema/statements/audit_tail.sql \
	schema/statements/audit_walk.sql \
	schema/statements/box.sql \
	schema/statements/clocks.sql \
	schema/statements/corrections.sql \
	schema/statements/dedup.sql \
	schema/statements/erase.sql \
	schema/statements/event_block.sql \
	schema/statements/export.sql \
	schema/statements/export_line.sql \
	schema/statements/filter.sql \
	schema/statements/free_space.sql \
	schema/statements/identity.sql \
	schema/statements/import.sql \
	schema/statements/message_blocks.sql \
	schema/statements/message_ids.sql \
	schema/statements/migrate.sql \
	schema/statements/operate.sql \
	schema/statements/operation_row.sql \
	schema/statements/purge.sql \
	schema/statements/reader.sql \
	schema/statements/requests.sql \
	schema/statements/restore.sql \
	schema/statements/settle.sql \
	schema/statements/site_control.sql \
	schema/statements/sites.sql \
	schema/statements/spans.sql \
	schema/statements/store.sql \
	schema/statements/undo.sql \
	schema/statements/unresolved.sql \
	schema/statements/verify.sql
EXTRA_DIST += schema/sql.awk schema/embed.awk schema/statements.awk $(MIGRATIONS) schema/views.sql \
	$(STATEMENTS)

SCHEMA_GENERATED = \
	src/outbox/file/schema.gen.c \
	src/outbox/file/schema.gen.h \
	src/outbox/file/statements.gen.c \
	src/outbox/file/statements.gen.h
nodist_src_libbentospool_a_SOURCES += $(SCHEMA_GENERATED)
BUILT_SOURCES += $(SCHEMA_GENERATED) src/outbox/file/statements_facts.gen.h
CLEANFILES += $(SCHEMA_GENERATED) src/outbox/file/statements_facts.gen.h

# Messages name the SQL by its path from the top of the tree, so each script runs there.
SCHEMA_AWK = $(MKDIR_P) src/outbox/file && ( cd $(srcdir) && LC_ALL=C $(AWK) -f schema/sql.awk
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
