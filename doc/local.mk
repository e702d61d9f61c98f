# The pages and the files to copy; the tarball carries them.
dist_man_MANS += doc/bentospool.1 doc/bentospool-sim.1 doc/bentospool.conf.5 \
	doc/bentospool-schema.7
dist_doc_DATA = README.md CONTRIBUTING.md SECURITY.md NEWS doc/audit.md doc/availability.md doc/bento.md doc/bentospool.conf.example doc/bentospool.rules.yml doc/grafana.json \
	doc/clients.md doc/container.md doc/dashboard.md doc/design.md doc/faults.md doc/fleet.md doc/hacking.md doc/migrating.md doc/monitoring.md doc/morning.md doc/operating.md doc/reliability.md \
	doc/schema.sql doc/segment.md doc/service.md doc/sqlite.md

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

# What systemd reads, with the paths of this installation; not with --without-systemdsystemunitdir.
EXTRA_DIST += doc/bentospool.service doc/bentospool.socket tools/package/bentospool.sysusers tools/package/bentospool.tmpfiles
if UNIT
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
nodist_systemdsystemunit_DATA = systemd/bentospool.service systemd/bentospool.socket
nodist_sysusers_DATA = systemd/sysusers/bentospool.conf
nodist_tmpfiles_DATA = systemd/tmpfiles/bentospool.conf
CLEANFILES += $(nodist_systemdsystemunit_DATA) $(nodist_sysusers_DATA) $(nodist_tmpfiles_DATA)

SYSTEMD_PATHS = sed -e 's|/usr/local/bin/|$(bindir)/|g' -e 's|/etc/bentospool|$(sysconfdir)/bentospool|g' \
	-e 's|/var/lib/bentospool|$(localstatedir)/lib/bentospool|g'
systemd/bentospool.service: $(srcdir)/doc/bentospool.service
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(SYSTEMD_PATHS) $(srcdir)/doc/bentospool.service > $@.tmp && mv $@.tmp $@
systemd/bentospool.socket: $(srcdir)/doc/bentospool.socket
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(SYSTEMD_PATHS) $(srcdir)/doc/bentospool.socket > $@.tmp && mv $@.tmp $@
systemd/sysusers/bentospool.conf: $(srcdir)/tools/package/bentospool.sysusers
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(SYSTEMD_PATHS) $(srcdir)/tools/package/bentospool.sysusers > $@.tmp && mv $@.tmp $@
systemd/tmpfiles/bentospool.conf: $(srcdir)/tools/package/bentospool.tmpfiles
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(SYSTEMD_PATHS) $(srcdir)/tools/package/bentospool.tmpfiles > $@.tmp && mv $@.tmp $@
endif
