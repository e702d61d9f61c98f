# The pages and the files to copy; the tarball carries them.
dist_man_MANS += doc/bentospool.1 doc/bentospool-sim.1 doc/bentospool.conf.5 \
	doc/bentospool-schema.7
dist_doc_DATA = doc/bentospool.conf.example doc/bentospool.service doc/clients.md doc/design.md \
	doc/migrating.md doc/morning.md
