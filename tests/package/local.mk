# The Debian package and what systemd reads. test_systemd.py is part of make check; life.py needs root, a
# network and some minutes, and is run by hand.
PACKAGE_TESTS = tests/package/test_systemd.py
TESTS += $(PACKAGE_TESTS)
EXTRA_DIST += $(PACKAGE_TESTS) tests/package/life.py tools/make-deb \
	tools/package/debian/bentospool.README.Debian \
	tools/package/debian/bentospool.lintian-overrides \
	tools/package/debian/bentospool.postrm \
	tools/package/debian/control \
	tools/package/debian/copyright \
	tools/package/debian/rules \
	tools/package/debian/source/format
