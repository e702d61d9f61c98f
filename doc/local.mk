# The pages; the tarball carries them.
EXTRA_DIST += doc/design.md
