# shellcheck shell=sh
# Functions for tools/quickstart, tools/run-tests and tools/release-check, which source this file.
: "${top:?must be the top of the tree}"

is_there() { # is_there PROBE: whether a package's probe (tools/packages) succeeds
	case $1 in
	command:*) command -v "${1#command:}" >/dev/null 2>&1 ;;
	module:*) pkg-config --exists "${1#module:}" 2>/dev/null ;;
	file:*) [ -e "${1#file:}" ] ;;
	esac
}

packages_missing() { # packages_missing GROUP...: prints the names, each once, on one line
	for group; do
		while read -r for_what name probe; do
			[ "$for_what" = "$group" ] || continue
			is_there "$probe" || echo "$name"
		done <"$top/tools/packages"
	done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Runs apt-get without questions; fails when that is not permitted.
apt_get() {
	set -- apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@"
	if [ "$(id -u)" -eq 0 ]; then
		DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

may_install() {
	command -v apt-get >/dev/null 2>&1 || return 1
	[ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

# packages_install LOG PACKAGE...
packages_install() {
	log=$1
	shift
	{ apt_get update && apt_get install --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null
}

# ensure_configure LOG: creates ./configure when it is missing or older than its sources.
ensure_configure() {
	if [ -x "$top/configure" ] && [ -f "$top/Makefile.in" ] &&
		[ -z "$(find "$top/configure.ac" "$top/Makefile.am" "$top/src" "$top/schema" "$top/doc" \
			"$top/tests" "$top/tools" \( -name '*.mk' -o -name '*.a[cm]' \) \
			-newer "$top/Makefile.in" -print)" ]; then
		return 0
	fi
	(cd "$top" && ./autogen.sh) >"$1" 2>&1
}

# tarball_lacks TARBALL: prints the files that git knows and the tarball does not have.
tarball_lacks() {
	tar -tzf "$1" | sed 's|^[^/]*/||' | LC_ALL=C sort >"$1.files"
	git -C "$top" ls-files | grep -Ev '(^|/)\.gitignore$' | LC_ALL=C sort | LC_ALL=C comm -13 "$1.files" -
	rm -f "$1.files"
}
