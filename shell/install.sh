#!/usr/bin/env bash
# Installs mcpconf from this checkout for the user who runs it, and sets it up.
#
#   ./shell/install.sh                     install, then `mcpconf init`: its wizard on a terminal, `--yes` without one
#   ./shell/install.sh --no-init           install only
#   ./shell/install.sh -- --profile web    what stands behind -- goes to `mcpconf init`
#
# Needs bash, Python 3.11+ and the package registry; no sudo. It writes an environment of its own under
# ${XDG_DATA_HOME:-~/.local/share}/mcpconf/venv and one link, ~/.local/bin/mcpconf, and may be run again at any time.
set -euo pipefail

die() {
  echo "install.sh: $*" >&2
  exit 1
}

usage() {
  sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p;}' "${BASH_SOURCE[0]}"
}

init=1
while [ $# -gt 0 ]; do
  case $1 in
    --no-init) init="" ;;
    -h | --help)
      usage
      exit 0
      ;;
    --)
      shift
      break
      ;;
    *)
      echo "install.sh: no option $1 (there is --no-init; options of mcpconf init go behind --)" >&2
      exit 2
      ;;
  esac
  shift
done

[ -n "${HOME:-}" ] || die "HOME is not set."
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
checkout=$(dirname "$here")
# shellcheck source=shell/provision-venv.sh
. "$here/provision-venv.sh"

# The XDG specification has relative values ignored.
data=${XDG_DATA_HOME:-}
case $data in /*) ;; *) data="$HOME/.local/share" ;; esac
venv="$data/mcpconf/venv"
program="$venv/bin/mcpconf"
bin="$HOME/.local/bin"
link="$bin/mcpconf"

# Before anything is installed: a name that is taken is not ours to take.
check_link() {
  [ -e "$link" ] || [ -L "$link" ] || return 0
  if [ -L "$link" ] && [ "$(readlink "$link")" = "$program" ]; then return 0; fi
  die "$link is there and is not ours$(points_to). Nothing was changed.
Remove it (rm '$link') and run this again."
}

points_to() {
  if [ -L "$link" ]; then printf ': it points to %s' "$(readlink "$link")"; fi
}

# install_from WHAT: put this checkout into the environment, over an older one of the same version, too.
install_from() {
  if command -v uv >/dev/null 2>&1 \
    && uv pip install --quiet --python "$venv/bin/python" --reinstall-package mcpconf "$1" 2>"$notes"; then
    return 0
  fi
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$1" 2>"$notes"
}

# Our own directory, and a note of those above it that are made on the way: `mcpconf uninstall --purge` removes them
# again where they are empty then.
make_directories() {
  local directory made=""
  for directory in "$data" "$bin"; do
    while [ ! -e "$directory" ]; do
      made="$made$directory"$'\n'
      directory=$(dirname "$directory")
    done
  done
  mkdir -p "$data"
  [ -d "$data/mcpconf" ] || mkdir -m 700 "$data/mcpconf"
  [ -z "$made" ] || printf '%s' "$made" >>"$data/mcpconf/made"
}

make_environment() {
  local python=""
  if venv_works "$venv"; then return 0; fi
  python=$(find_python) || python=""
  make_venv "$venv" "$python" || die "no environment for mcpconf could be made."
}

install_mcpconf() {
  notes=$(mktemp)
  trap 'rm -f "$notes"' EXIT
  # The runner is uv's own uvx, for machines that have none; mcpconf itself does not need it.
  if install_from "${checkout}[runner]"; then return 0; fi
  echo "uv could not be installed with it; servers from PyPI will need a uvx or pipx on PATH." >&2
  if install_from "$checkout"; then return 0; fi
  cat "$notes" >&2
  die "mcpconf could not be installed; what pip said is above."
}

make_link() {
  mkdir -p "$bin"
  [ -L "$link" ] || ln -s "$program" "$link"
}

say_path() {
  case ":$PATH:" in *":$bin:"*) return 0 ;; esac
  echo
  echo "$bin is not on your PATH. Add it:"
  case ${SHELL##*/} in
    fish) echo "    fish_add_path ~/.local/bin" ;;
    zsh) echo "    echo 'export PATH=\"\$HOME/.local/bin:\$PATH\"' >>~/.zshrc" ;;
    *) echo "    echo 'export PATH=\"\$HOME/.local/bin:\$PATH\"' >>~/.bashrc" ;;
  esac
  echo
}

check_link
make_directories
make_environment
install_mcpconf
make_link
echo "Installed $("$program" --version): $link"
say_path
[ -n "$init" ] || exit 0
rm -f "$notes"
if [ -t 0 ] && [ -t 1 ]; then
  exec "$program" init ${1+"$@"}
fi
exec "$program" init --yes ${1+"$@"} </dev/null
