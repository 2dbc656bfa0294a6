#!/bin/sh
# shellcheck shell=dash
# The devcontainer Feature, at the image's build and as root: mcpconf for everybody, in /usr/local. Nothing is written
# below anybody's home: what is the user's is made by post-create.sh, as that user.
set -eu
umask 022

version=${VERSION:-0.1.0}
package=${PACKAGE:-}
profile=${PROFILE:-}
broker=${BROKER:-true}
shell_integration=${SHELLINTEGRATION:-true}

own=/usr/local/share/mcpconf
venv="$own/venv"
program="$venv/bin/mcpconf"
here=$(cd "$(dirname "$0")" && pwd -P)

die() {
  printf 'mcpconf: %s\n' "$*" >&2
  exit 1
}

# NAME...: by the package manager of this image.
packages() {
  if command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    rm -rf /var/lib/apt/lists/*
  elif command -v apk >/dev/null 2>&1; then
    apk add --no-cache "$@"
  elif command -v dnf >/dev/null 2>&1; then
    dnf install -y "$@"
  elif command -v microdnf >/dev/null 2>&1; then
    microdnf install -y "$@"
  else
    return 1
  fi
}

# What a Python that can make environments is called there. Ubuntu 22.04 has a newer one beside its own.
python_packages() {
  if command -v apt-get >/dev/null 2>&1; then
    packages python3 python3-venv
    a_python >/dev/null || packages python3.11 python3.11-venv
  elif command -v apk >/dev/null 2>&1; then
    packages python3 py3-pip
  else
    packages python3 python3-pip
    a_python >/dev/null || packages python3.11 python3.11-pip
  fi
}

# The first one that is new enough and has what environments are made with.
a_python() {
  local each
  for each in python3.13 python3.12 python3.11 python3.14 python3 /usr/local/python/current/bin/python3; do
    if "$each" -I -c 'import sys, ensurepip, venv; sys.version_info < (3, 11) and sys.exit(1)' >/dev/null 2>&1; then
      echo "$each"
      return 0
    fi
  done
  return 1
}

make_venv() {
  local python
  a_python >/dev/null || python_packages >&2 || :
  python=$(a_python) || die "this image has no Python 3.11 with venv, and its package manager brings none. Add a Feature:
  \"ghcr.io/devcontainers/features/python:1\": { \"version\": \"3.12\" }"
  rm -rf "$venv"
  mkdir -p "$own"
  # A pip among the wheels saves making another.
  if bundled pip >/dev/null; then set -- --without-pip; else set --; fi
  "$python" -I -m venv "$@" "$venv" || die "$python could not make an environment."
}

# ARGS...: pip's install, compiled for users who can't write here.
pip_install() {
  set -- install --quiet --no-cache-dir --disable-pip-version-check --no-input --root-user-action ignore "$@"
  if pip=$(bundled pip); then
    PIP_USER=0 "$venv/bin/python" -I "$pip/pip" "$@"
  else
    PIP_USER=0 "$venv/bin/python" -I -m pip "$@"
  fi
}

# bundled NAME: its wheel beside us. With mcpconf's there are those of its dependencies, and no network is used.
bundled() {
  local each
  for each in "$here/wheels/$1"-*.whl; do
    if [ -f "$each" ]; then
      echo "$each"
      return 0
    fi
  done
  return 1
}

install_package() {
  if [ -n "$package" ]; then
    pip_install "$package"
  elif wheel=$(bundled mcpconf); then
    set -- "$wheel"
    if bundled pip >/dev/null; then set -- "$wheel" pip; fi # extras are added by it later on
    pip_install --no-index --find-links "$here/wheels" "$@"
  else
    [ "$version" != latest ] && set -- "==$version" || set -- ""
    # The runner is uv's own uvx, for servers from PyPI.
    pip_install "mcpconf[runner]$1" || pip_install "mcpconf$1"
  fi || die "mcpconf could not be installed; what pip said is above."
}

for each in "$profile" "$broker" "$shell_integration"; do
  case $each in *[!A-Za-z0-9._-]*) die "'$each' can't be the value of an option." ;; esac
done
[ "$(id -u)" = 0 ] || die "a Feature is installed by root."

make_venv
install_package
"$program" --version >/dev/null || die "mcpconf was installed, and does not start."
mkdir -p /usr/local/bin
ln -sf "$program" /usr/local/bin/mcpconf
# The script that starts servers without a broker is bash.
command -v bash >/dev/null 2>&1 || packages bash || echo "mcpconf: there is no bash here, which servers without a broker need" >&2

cp "$here/post-create.sh" "$here/post-start.sh" "$own/"
chmod 755 "$own/post-create.sh" "$own/post-start.sh"
printf 'profile=%s\nbroker=%s\nshell_integration=%s\n' "$profile" "$broker" "$shell_integration" >"$own/options"
# A new volume takes mode and owner from here. Whose container it will be is known only when it runs (its user may be
# given another number), so each user makes a directory of their own in it.
mkdir -p /var/lib/mcpconf
chmod 1777 /var/lib/mcpconf
echo "mcpconf: $("$program" --version) is in /usr/local/bin"
