# The Debian package and what systemd reads. test_systemd.py is part of make check; test_container.py reads what
# container.py builds and runs; that, life.py and boot.py need root, a network and some minutes, and are run by
# hand.
PACKAGE_TESTS = tests/package/test_container.py tests/package/test_systemd.py
TESTS += $(PACKAGE_TESTS)
EXTRA_DIST += $(PACKAGE_TESTS) tests/package/boot.py tests/package/container.py tests/package/life.py \
	tests/package/packageroot.py tools/make-deb \
	tools/package/Containerfile \
	tools/package/debian/bentospool.README.Debian \
	tools/package/debian/bentospool.lintian-overrides \
	tools/package/debian/bentospool.postrm \
	tools/package/debian/control \
	tools/package/debian/copyright \
	tools/package/debian/rules \
	tools/package/debian/source/format
