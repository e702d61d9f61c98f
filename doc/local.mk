# The pages and the files to copy; the tarball carries them.
EXTRA_DIST += doc/bentospool.conf.example doc/bentospool.service doc/clients.md doc/design.md
