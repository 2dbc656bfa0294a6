#!/bin/sh
# shellcheck shell=dash
# In a new container, as its user: what mcpconf remembers is put on the volume, then the profile is applied. It always
# ends well, since what fails here would keep all later commands of the container from running.
set -u

profile="" broker="" shell_integration=""
# shellcheck source=/dev/null
. /usr/local/share/mcpconf/options
umask 077
kept="/var/lib/mcpconf/$(id -u)"

base() { # VALUE DEFAULT: the XDG specification has relative values ignored
  case $1 in
    /*) echo "$1" ;;
    *) echo "$HOME/$2" ;;
  esac
}

# keep PART PLACE: a directory of mcpconf's, where there is none yet, is one on the volume.
keep() {
  if [ -e "$2" ] || [ -L "$2" ]; then return 0; fi
  mkdir -p "$kept/$1" && (umask 022 && mkdir -p "$(dirname "$2")") && ln -s "$kept/$1" "$2"
}

keep_all() {
  mkdir "$kept" 2>/dev/null
  if [ -L "$kept" ] || [ ! -d "$kept" ] || [ ! -O "$kept" ]; then
    echo "mcpconf: $kept can't be used, so what mcpconf remembers goes with this container"
    return 0
  fi
  keep state "$(base "${XDG_STATE_HOME:-}" .local/state)/mcpconf"
  keep data "$(base "${XDG_DATA_HOME:-}" .local/share)/mcpconf"
}

set_up() {
  keep_all
  if [ "$broker" = false ]; then set -- --no-broker; else set --; fi
  mcpconf init --yes ${profile:+--profile "$profile"} "$@" </dev/null \
    || echo "mcpconf: the profile is not applied; what is wrong says: mcpconf doctor"
  if [ "$shell_integration" = true ]; then
    mcpconf dotfiles install --no-input ${profile:+--profile "$profile"} </dev/null \
      || echo "mcpconf: the shells are not set up; mcpconf dotfiles log tells why"
  fi
}

set_up 2>&1
exit 0
