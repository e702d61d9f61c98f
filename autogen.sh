#!/bin/sh
# Makes ./configure from configure.ac. Needs autoconf, automake and pkg-config.
set -eu
cd "$(dirname "$0")"
for need in autoreconf:autoconf automake:automake pkg-config:pkg-config; do
	command -v "${need%%:*}" >/dev/null 2>&1 || {
		echo "autogen.sh: ${need%%:*} is missing; on Debian: apt-get install ${need##*:}" >&2
		exit 1
	}
done
exec autoreconf --install --force --warnings=all "$@"
