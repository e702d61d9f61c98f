# The pages; the tarball carries them.
EXTRA_DIST += doc/design.md
EXTRA_DIST += doc/bentospool.conf.example
EXTRA_DIST += doc/bentospool.conf.example doc/bentospool.service
