#!/usr/bin/env bash
# A Docker engine for the tests that need a real one: Debian's docker.io, with CI=true and as root. Prints one line where
# it could not be had, and exits 0. Nothing is started here: the tests run a dockerd of their own, on their own socket.
set -euo pipefail

# Debian keeps daemons where the PATH of an ordinary user does not lead.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

has_engine() {
  command -v dockerd >/dev/null 2>&1 && command -v docker >/dev/null 2>&1
}

has_engine && exit 0
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  # RUNLEVEL: where there is no systemd, what is installed is not started.
  { apt-get update -qq \
    && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io; } >&2 \
    && has_engine && exit 0
fi
echo "missing: dockerd (docker.io, a package of this system): no tests on a real Docker engine"
