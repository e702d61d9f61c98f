# The pages and the files to copy; the tarball carries them.
dist_man_MANS += doc/bentospool.1 doc/bentospool-sim.1 doc/bentospool.conf.5 \
	doc/bentospool-schema.7
dist_doc_DATA = NEWS doc/audit.md doc/bento.md doc/bentospool.conf.example doc/bentospool.service \
	doc/clients.md doc/design.md doc/faults.md doc/hacking.md doc/migrating.md doc/monitoring.md doc/morning.md doc/operating.md doc/reliability.md \
	doc/schema.sql doc/segment.md doc/sqlite.md

# Completion is the program's own word, so it must run here.
if !CROSS
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
nodist_bashcompletion_DATA = completion/bash/bentospool
nodist_zshcompletion_DATA = completion/zsh/_bentospool
nodist_fishcompletion_DATA = completion/fish/bentospool.fish
CLEANFILES += $(nodist_bashcompletion_DATA) $(nodist_zshcompletion_DATA) $(nodist_fishcompletion_DATA)

$(nodist_bashcompletion_DATA) $(nodist_zshcompletion_DATA) $(nodist_fishcompletion_DATA): bentospool$(EXEEXT)
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)./bentospool completion `basename $(@D)` > $@.tmp && mv $@.tmp $@
endif

# The unit with the path of the program as it is installed, when configure was given a directory.
if UNIT
systemdsystemunit_DATA = doc/unit/bentospool.service
CLEANFILES += doc/unit/bentospool.service
doc/unit/bentospool.service: $(srcdir)/doc/bentospool.service
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)sed 's|/usr/local/bin/|$(bindir)/|' $(srcdir)/doc/bentospool.service > $@.tmp && mv $@.tmp $@
endif
