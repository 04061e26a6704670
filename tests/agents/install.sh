#!/bin/sh
# Usage: install.sh DIRECTORY: puts the clients of coding agents there that tests/agents runs, as package-lock.json pins them.
#
# `npm install`, not `npm ci`: that wants the packages of all platforms in the lock, and those are optional here. Versions and hashes
# of the lock hold all the same. Of the packages' own scripts only opencode's is run, which puts the program of this platform where
# its command looks for it. Where they cannot be had (no npm, no network), that is said, and the tests that need them are skipped by
# name.
set -u
directory=$1
here=$(dirname "$0")

give_up() {
    echo "the clients of coding agents cannot be had ($1); the tests that need them are skipped" >&2
    exit 0
}

command -v npm >/dev/null || give_up "there is no npm"
rm -rf "$directory"
mkdir -p "$directory" || exit 1
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$directory" || exit 1
cd "$directory" || exit 1
npm install --ignore-scripts --no-audit --no-fund --loglevel=error || { rm -rf node_modules; give_up "npm install failed"; }
node node_modules/opencode-ai/postinstall.mjs >/dev/null || {
    rm -f node_modules/.bin/opencode
    echo "opencode cannot be had for this platform; its tests are skipped" >&2
}
touch .stamp
