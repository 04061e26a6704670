#!/bin/sh
# Usage: install.sh DIRECTORY: puts real programs that some tests run there, if the system has them not.
#
# Debian's packages are unpacked, not installed: nothing outside of DIRECTORY changes, and no rights are needed. Where they cannot
# be had (another system, no network), that is said, and the tests that need them are skipped by name.
set -u
directory=$1
wanted=
command -v redis-server >/dev/null || wanted="$wanted redis-server"
command -v systemd-notify >/dev/null || wanted="$wanted systemd"
[ -n "$wanted" ] || exit 0

give_up() {
    echo "real programs for the tests cannot be had ($1):$wanted; the tests that need them are skipped" >&2
    rm -rf "$directory"
    exit 0
}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || give_up "this is no Debian"
rm -rf "$directory"
mkdir -p "$directory/apt/lists/partial" "$directory/apt/cache/archives/partial" || exit 0
apt="$(cd "$directory/apt" && pwd)"
quietly() {
    apt-get -qq -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User= \
        -o Acquire::http::Timeout=20 -o Acquire::Retries=2 "$@" >"$apt/said" 2>&1 || give_up "$(tail -n 1 "$apt/said")"
}
quietly update
quietly install --download-only --yes --no-install-recommends $wanted
for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$directory" || give_up "$package cannot be unpacked"
done
rm -rf "$apt"
