#!/bin/sh
# shellcheck shell=dash
# Installs mcpconf for one user, without sudo, and sets it up: `install.sh --help`, docs/install.md.
#
# No other file has to lie beside this one: it may be in a checkout or in a dotfiles repository, or come through a pipe.
# POSIX sh and `local`: dash, busybox, bash 3.2 and later; to some of them an empty "$@" is a variable that is not set.
# Sourced with mcpconf_functions_only=1 it only defines.

pinned=0.1.0

usage() {
  cat <<END
Installs mcpconf for you, without sudo, then sets it up. It may be run again at any time: what is right stays as it is.

    install.sh [OPTIONS] [-- OPTIONS OF WHAT SETS IT UP]

  --version X        install this version instead of $pinned (also MCPCONF_VERSION)
  --wheel FILE|DIR   install from a wheel; with its dependencies' wheels beside it, no network is used
  --dotfiles DIR     then \`mcpconf dotfiles install --from DIR\`: the default in a repository with mcpconf's profiles
  --init             then \`mcpconf init\`, the default elsewhere: its wizard on a terminal, \`--yes\` without one
  --no-init          install only
  --uninstall        give every file back and remove mcpconf (\`mcpconf uninstall --purge\`)
  -h, --help         this text

It comes from --wheel, else from a wheel beside this file or in wheels/, else from the checkout that this file is in,
else from the package registry. Run as root with _REMOTE_USER (and _REMOTE_USER_HOME), it does all as that user.
END
}

die() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

die_unchanged() {
  die "$1 Nothing was changed.${2:+
$2}"
}

# --- A Python, and an environment ---

# Where an interpreter may be, the best first: by its name, then where one is put without being on PATH.
pythons() {
  local name place
  for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
    command -v "$name" 2>/dev/null || :
  done
  for place in /usr/local/python/current/bin /usr/local/bin /usr/bin /opt/homebrew/bin \
    "${HOME:-}"/.pyenv/versions/3.1[1-9]*/bin "${HOME:-}"/.local/share/uv/python/cpython-3.1[1-9]*/bin; do
    if [ -x "$place/python3" ]; then echo "$place/python3"; fi
  done
}

# The interpreter itself, where it starts and is new enough. A name on PATH proves nothing: pyenv's shims exist and
# fail, and what they answer may depend on the directory that they are called from.
good_python() {
  "$1" -I -c 'import sys; sys.version_info < (3, 11) and sys.exit(1); print(sys.executable)' 2>/dev/null
}

find_python() {
  local each
  for each in $(pythons); do
    if good_python "$each"; then return 0; fi
  done
  return 1
}

# venv_works DIR: is there an environment whose Python still starts?
venv_works() {
  [ -x "$1/bin/python" ] && good_python "$1/bin/python" >/dev/null
}

# make_venv DIR PYTHON: an empty environment in DIR, by the first way that works; pipx is last because it would download
# a virtualenv. PYTHON may be empty where uv is there, which can bring its own. What went wrong goes to stderr, and is
# said only where nothing worked. An environment without pip is one, too: see `venv_install`.
make_venv() {
  local dir=$1 python=$2 said=""
  mkdir -p "$(dirname "$dir")"
  if command -v uv >/dev/null 2>&1; then
    # With a pip in it, for what uv can't do; not from a directory of wheels, where uv is not asked for one.
    if [ -z "${house:-}" ]; then set -- --seed; else set --; fi
    said="$(try_venv "$dir" uv venv --quiet ${1+"$@"} --python "${python:->=3.11}" "$dir")" && return 0
  fi
  if [ -n "$python" ]; then
    # A pip among the wheels saves making another.
    case $(a_pip "$python") in *.whl) bare_venv "$dir" "$python" && return 0 ;; esac
    said="$said
$(try_venv "$dir" "$python" -I -m venv "$dir")" && return 0
    said="$said
$(try_venv "$dir" "$python" -I -m virtualenv --quiet "$dir")" && return 0
    # Debian's Python without python3-venv can do this much.
    if a_pip "$python" >/dev/null; then bare_venv "$dir" "$python" && return 0; fi
    if command -v virtualenv >/dev/null 2>&1; then
      said="$said
$(try_venv "$dir" virtualenv --quiet --python "$python" "$dir")" && return 0
    fi
    if command -v pipx >/dev/null 2>&1; then
      said="$said
$(try_venv "$dir" pipx run --quiet virtualenv --quiet --python "$python" "$dir")" && return 0
    fi
  fi
  printf '%s\n' "$said" | grep . >&2
  return 1
}

# try_venv DIR COMMAND...: run it on an empty place; its complaints on stdout, and nothing left of a failure.
try_venv() {
  local dir=$1
  shift
  rm -rf "$dir"
  "$@" 2>&1 && venv_works "$dir" && return 0
  rm -rf "$dir"
  return 1
}

bare_venv() {
  try_venv "$1" "$2" -I -m venv --without-pip "$1" >/dev/null
}

# A pip for an environment that has none: one of the wheels beside us, else PYTHON's own where it is new enough for it.
a_pip() {
  local each
  for each in ${house:+"$house"/pip-*.whl}; do
    if [ -f "$each" ]; then
      echo "$each"
      return 0
    fi
  done
  "$1" -I -c 'import pip, sys; sys.exit([int(part) for part in pip.__version__.split(".")[:2]] < [22, 3])' 2>/dev/null \
    && echo system
}

# venv_install DIR ARGS...: pip's install into DIR, by uv where it is (it is much faster), else by a pip.
venv_install() {
  local dir=$1 base found
  shift
  if command -v uv >/dev/null 2>&1 \
    && uv pip install --quiet --python "$dir/bin/python" --reinstall-package mcpconf "$@"; then
    return 0
  fi
  # A user's settings for other places (`user = true`, a target) would only break this one.
  set -- install --quiet --disable-pip-version-check --no-input "$@"
  if "$dir/bin/python" -I -m pip --version >/dev/null 2>&1; then
    PIP_USER=0 "$dir/bin/python" -I -m pip "$@"
    return
  fi
  base=$("$dir/bin/python" -I -c 'import sys; print(sys._base_executable)')
  found=$(a_pip "$base") || return 1
  if [ "$found" = system ]; then
    PIP_USER=0 "$base" -I -m pip --python "$dir/bin/python" "$@"
  else
    PIP_USER=0 "$dir/bin/python" -I "$found/pip" "$@"
  fi
}

# What to type where no environment can be made; $1: the Python that could not make one, if there is one.
explain_no_venv() {
  local old="" each
  if [ -n "$1" ]; then
    if "$1" -I -c 'import ensurepip' >/dev/null 2>&1; then
      echo "$1 could not make an environment; what it said is above."
    else
      echo "$1 can't make environments: its ensurepip is missing. $(one_command python3-venv)"
    fi
    return
  fi
  for each in $(pythons); do
    old=$("$each" -I -c 'import sys; print(sys.executable, "is", sys.version.split()[0])' 2>/dev/null) && break
    old=""
  done
  echo "There is no Python 3.11 or newer${old:+ ($old)}. $(one_command python3)
Without root: uv brings a Python of its own (https://docs.astral.sh/uv), then run this again."
}

# The system's own command for its Python.
one_command() {
  local sudo="sudo "
  [ "$(id -u)" != 0 ] || sudo=""
  if command -v apt-get >/dev/null 2>&1; then
    echo "Mend it with: ${sudo}apt-get install -y $([ "$1" = python3 ] && echo "python3 ")python3-venv"
  elif command -v apk >/dev/null 2>&1; then
    echo "Mend it with: ${sudo}apk add python3 py3-pip"
  elif command -v dnf >/dev/null 2>&1; then
    echo "Mend it with: ${sudo}dnf install -y python3 python3-pip"
  elif command -v brew >/dev/null 2>&1; then
    echo "Mend it with: brew install python"
  else
    echo "Install Python 3.11 or newer, with its venv module, and run this again."
  fi
}

# --- Where we are, and for whom ---

# The file that runs, its links followed; nothing where it came through a pipe.
own_file() {
  local file=$0 to
  grep -qs '^pinned=' "$file" || return 0
  while [ -L "$file" ]; do
    to=$(readlink "$file")
    case $to in
      /*) file=$to ;;
      *) file=$(dirname "$file")/$to ;;
    esac
  done
  absolute "$file"
}

absolute() {
  if [ -d "$1" ]; then
    (cd "$1" && pwd -P)
  else
    printf '%s/%s\n' "$(cd "$(dirname "$1")" && pwd -P)" "$(basename "$1")"
  fi
}

home_of() {
  { getent passwd "$1" 2>/dev/null || grep "^$1:" /etc/passwd; } | cut -d: -f6
}

# The number of who owns a directory, by what every system has.
owner_of() {
  # shellcheck disable=SC2012,SC2046  # its words are wanted, and the path is the last of them
  set -- $(ls -ldn "$1/." 2>/dev/null)
  echo "${3:-}"
}

# as_user NAME UID GID COMMAND...: become that user, by what is there. It replaces us.
as_user() {
  local name=$1 uid=$2 gid=$3 words="" word
  shift 3
  if setpriv --reuid="$uid" --regid="$gid" --init-groups true 2>/dev/null; then
    exec setpriv --reuid="$uid" --regid="$gid" --init-groups "$@"
  elif runuser -u "$name" -- true 2>/dev/null; then
    exec runuser -u "$name" -- "$@"
  elif su -s /bin/sh -c true "$name" >/dev/null 2>&1; then
    for word in "$@"; do words="$words '$(printf %s "$word" | sed "s/'/'\\\\''/g")'"; done
    exec su -s /bin/sh -c "exec $words" "$name"
  fi
  die_unchanged "root could not become $name by setpriv, runuser or su."
}

# Root, asked to do it for somebody: everything below that home is written by that user, and none of it by us.
hand_over() {
  local name=$1 home=${_REMOTE_USER_HOME:-} uid gid each
  shift
  { uid=$(id -u "$name") && gid=$(id -g "$name"); } 2>/dev/null \
    || die_unchanged "_REMOTE_USER is '$name', and there is no such user."
  [ -n "$home" ] || home=$(home_of "$name")
  [ -n "$self" ] \
    || die_unchanged "For another user it has to be a file." "Save it (curl -o install.sh ...), then run it."
  # What is root's own is of no use to somebody else.
  for each in XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME \
    CLAUDE_CONFIG_DIR PIP_CACHE_DIR UV_CACHE_DIR; do
    eval "case \${$each:-} in \"${HOME:-/root}\"/*) unset $each ;; esac"
  done
  unset XDG_RUNTIME_DIR
  # shellcheck disable=SC2016  # for the shell that is started
  set -- env "HOME=$home" "USER=$name" "LOGNAME=$name" "PATH=$PATH" _REMOTE_USER= \
    sh -c 'cd && [ -r "$0" ] && exec sh "$0" "$@"
      echo "install.sh: $HOME can not be entered or $0 not be read by this user. Nothing was changed." >&2; exit 1' \
    "$self" "$@"
  as_user "$name" "$uid" "$gid" "$@"
}

# Sets HOME where nobody did; refuses what would leave root's files in somebody's home.
check_home() {
  local owner
  if [ -z "${HOME:-}" ]; then HOME=$(home_of "$(id -un)"); fi
  case $HOME in
    /*) export HOME ;;
    *) die_unchanged "It can't be told where your home is: HOME is no absolute path." "export HOME=/home/YOU" ;;
  esac
  owner=$(owner_of "$HOME")
  if [ "$(id -u)" = 0 ] && [ "${owner:-0}" != 0 ]; then
    die_unchanged "You are root, and $HOME is not root's: it would be left with files that its owner can't change." \
      "Run it without sudo; or, as root for somebody else, with _REMOTE_USER=THEIR_NAME."
  fi
}

# Can something be made at this path?
can_be_made() {
  local path=$1
  while [ ! -e "$path" ] && [ ! -L "$path" ]; do path=${path%/*}; path=${path:-/}; done
  [ -d "$path" ] && [ -w "$path" ]
}

find_places() {
  # The XDG specification has relative values ignored.
  data=${XDG_DATA_HOME:-}
  case $data in /*) ;; *) data="$HOME/.local/share" ;; esac
  state=${XDG_STATE_HOME:-}
  case $state in /*) ;; *) state="$HOME/.local/state" ;; esac
  venv="$data/mcpconf/venv"
  program="$venv/bin/mcpconf"
  stamp="$venv/.mcpconf"
  # Who is installing, by its process; where that is gone, it was killed and has left something half done.
  busy="$data/mcpconf/installing"
  bin="$HOME/.local/bin"
  link="$bin/mcpconf"
}

# --- What is installed ---

# our_wheel DIR: the wheel there that has the wanted version; any where none is wanted.
our_wheel() {
  local each found=""
  for each in "$1"/mcpconf-*.whl; do
    case ${each##*/} in
      "mcpconf-${asked:-$pinned}-"*) found=$each && break ;;
    esac
    if [ -f "$each" ] && [ -z "$asked" ]; then found=$each; fi
  done
  [ ! -f "$found" ] || echo "$found"
}

checkout_version() {
  grep -qs '^name = "mcpconf"' "$1/pyproject.toml" && sed -n 's/^__version__ = "\(.*\)"/\1/p' "$1/mcpconf/__init__.py"
}

# Sets kind (wheel, checkout, registry), what, version, and house: the directory with all wheels, where that is meant.
choose_source() {
  local each
  kind=wheel house="" what=""
  if [ -n "$wheel" ]; then
    what=$wheel
    if [ -d "$wheel" ]; then what=$(our_wheel "$wheel"); fi
    [ -f "$what" ] || die_unchanged "There is no wheel of mcpconf${asked:+ $asked} at $wheel." "$(how_to_fill "$wheel")"
  elif [ -n "$here" ]; then
    for each in "$here" "$here/wheels"; do
      [ -n "$what" ] || what=$(our_wheel "$each")
    done
  fi
  if [ -n "$what" ]; then
    version=$(basename "$what" | cut -d- -f2)
    house=$(dirname "$what")
    # A wheel all alone gets its dependencies from the registry.
    set -- "$house"/*.whl
    [ $# -gt 1 ] || house=""
    return 0
  fi
  if [ -n "$here" ] && version=$(checkout_version "${here%/*}") && [ "${asked:-$version}" = "$version" ]; then
    kind=checkout what=${here%/*}
    return 0
  fi
  version=${asked:-$pinned}
  kind=registry what="mcpconf==$version"
}

how_to_fill() {
  echo "Where there is a network, and for this system and Python:
    python3 -m pip download --dest wheels mcpconf==${asked:-$pinned} pip
(from a checkout: python3 -m pip wheel --wheel-dir wheels PATH/OF/CHECKOUT pip), then run this with --wheel wheels."
}

checksum() {
  { sha256sum 2>/dev/null || shasum -a 256 2>/dev/null || cksum; } | cut -d' ' -f1
}

# What was installed, in a word: a wheel or a checkout that has changed since is installed again.
digest() {
  case $kind in
    wheel) checksum <"$what" ;;
    checkout)
      (cd "$what" && find mcpconf profiles shell schemas docs/doctor pyproject.toml LICENSE -type f ! -name '*.pyc' \
        -exec cksum {} + | LC_ALL=C sort | checksum)
      ;;
    *) echo "$what" ;;
  esac
}

is_version() {
  [ "$("$1" --version 2>/dev/null)" = "mcpconf $version" ]
}

# Nothing is to be done, and nothing is fetched.
is_current() {
  [ ! -e "$busy" ] && is_version "$program" || return 1
  [ "$kind" = registry ] || [ "$(cat "$stamp" 2>/dev/null)" = "$(digest)" ]
}

# An installation of somebody else's (a devcontainer Feature's, pipx's) in the very version does as well.
is_elsewhere() {
  [ "$kind" != checkout ] && [ -z "$wheel" ] && [ ! -e "$venv" ] || return 1
  other=$(command -v mcpconf) || return 1
  case $other in /*) is_version "$other" ;; *) return 1 ;; esac
}

# --- Installing ---

# Before anything is installed: a name that is taken is not ours to take.
check_link() {
  linked=1
  can_be_made "$link" || [ -L "$link" ] || linked=""
  [ -e "$link" ] || [ -L "$link" ] || return 0
  if [ -L "$link" ] && [ "$(readlink "$link")" = "$program" ]; then return 0; fi
  local to=""
  if [ -L "$link" ]; then to=": it points to $(readlink "$link")"; fi
  die_unchanged "$link is there and is not ours$to." "Remove it (rm '$link') and run this again."
}

# Our own directory, and a note of those above it that are made on the way: `mcpconf uninstall --purge` removes them
# again where they are empty then.
make_directories() {
  local directory
  made=""
  for directory in "$data" ${linked:+"$bin"}; do
    while [ ! -e "$directory" ]; do
      made="$made$directory
"
      directory=$(dirname "$directory")
    done
  done
  mkdir -p "$data"
  [ -d "$data/mcpconf" ] || mkdir -m 700 "$data/mcpconf"
  [ -z "$made" ] || printf '%s' "$made" >>"$data/mcpconf/made"
}

# One at a time. Sets killed where the last one did not come to its end.
take_turn() {
  local other waited=0
  killed=""
  until (set -C && echo $$ >"$busy") 2>/dev/null; do
    waited=$((waited + 1))
    other=$(cat "$busy" 2>/dev/null) || other="?"
    [ "$waited" -lt 120 ] \
      || die "process $other is installing mcpconf for two minutes now. If it is not: rm '$busy', and run this again."
    if [ "$other" != "?" ] && ! kill -0 "${other:-0x}" 2>/dev/null; then
      killed=1
      rm -f "$busy"
    else
      sleep 1
    fi
  done
}

# Back to where we began: what was there before stays, what this run has made goes.
take_back() {
  if [ -z "${old:-}" ]; then rm -rf "$venv"; fi
  rm -f "$busy"
  if [ -n "$made" ] && [ -z "${old:-}" ]; then rm -f "$data/mcpconf/made"; fi
  rmdir "$data/mcpconf" 2>/dev/null || :
  printf '%s' "$made" | while read -r each; do rmdir "$each" 2>/dev/null || :; done
}

# Into the environment that is there, or a new one by the first Python that can.
install_mcpconf() {
  local python="" last="" words
  said="" old="" tried=""
  take_turn
  trap 'take_back' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  if [ -z "$killed" ] && venv_works "$venv"; then
    old=1
    put_package || die_failed
  else
    for each in $(pythons) ""; do
      python=""
      if [ -n "$each" ]; then python=$(good_python "$each") || continue; fi
      [ "$python" != "$last" ] || [ -z "$each" ] || continue
      last=${python:-$last}
      words=$(make_venv "$venv" "$python" 2>&1) || {
        said=${words:-$said}
        continue
      }
      tried=1
      put_package && break
      # Its wheels may be for another Python; a registry would say the same again.
      [ -n "$house" ] || break
    done
    [ -x "$program" ] || die_failed "$last"
  fi
  is_version "$program" || die "it was installed, and does not start: $("$program" --version 2>&1 | tail -n 3)"
  digest >"$stamp"
  rm -f "$busy"
  trap - EXIT INT TERM HUP
  if [ -n "$linked" ]; then
    mkdir -p "$bin"
    [ -L "$link" ] || ln -s "$program" "$link"
  fi
}

# The runner is uv's own uvx, for machines that have none; mcpconf itself does not need it.
put_package() {
  local both
  both="${what}[runner]"
  if [ "$kind" = registry ]; then both="mcpconf[runner]==$version"; fi
  # With all of its wheels beside it nothing else is asked, and nothing cached.
  set --
  if [ -n "$house" ]; then set -- --no-index --no-cache-dir --find-links "$house"; fi
  if [ -n "$house" ] && ! ls "$house"/uv-*.whl >/dev/null 2>&1; then
    both=$what
  fi
  if said=$(put "$both" ${1+"$@"}); then return 0; fi
  [ "$both" != "$what" ] && said=$(put "$what" ${1+"$@"}) || return 1
  echo "uv could not be installed with it; servers from PyPI will need a uvx or pipx on PATH." >&2
}

put() {
  local it=$1 too=""
  shift
  # Extras are added by its pip later on.
  if ! "$venv/bin/python" -I -c 'import pip' 2>/dev/null && { [ -z "$house" ] || ls "$house"/pip-*.whl >/dev/null 2>&1; }
  then
    too=pip
  fi
  export PIP_RETRIES="${PIP_RETRIES:-2}" UV_COMPILE_BYTECODE=1
  [ -z "$house" ] || export UV_OFFLINE=1
  venv_install "$venv" ${1+"$@"} "$it" ${too:+"$too"} 2>&1 || return 1
  # pip believes the version: another wheel of the same one would not be taken.
  [ -z "$old" ] || [ "$kind" != wheel ] || venv_install "$venv" ${1+"$@"} --force-reinstall --no-deps "$what" 2>&1
}

die_failed() {
  local before="Nothing was changed." why=""
  if [ -n "$said" ]; then printf '%s\n' "$said" | tail -n 15 >&2; fi
  if [ -n "$old" ]; then before="What was installed before is still there."; fi
  if [ -z "$old" ] && [ -z "${1:-}" ]; then why=$(explain_no_venv "")
  elif [ -z "$old" ] && [ -z "$tried" ]; then why=$(explain_no_venv "$1")
  elif [ -n "$house" ]; then why="The wheels in $house do not do for this Python.
$(how_to_fill)"
  elif [ "$kind" = registry ]; then why=$(how_to_fill)
  fi
  die "mcpconf could not be installed. $before${why:+
$why}"
}

say_path() {
  case ":$PATH:" in *":$bin:"*) return 0 ;; esac
  echo
  echo "$bin is not on your PATH. Add it:"
  case ${SHELL:-sh} in
    */fish) echo "    fish_add_path ~/.local/bin" ;;
    */zsh) echo "    echo 'export PATH=\"\$HOME/.local/bin:\$PATH\"' >>~/.zshrc" ;;
    *) echo "    echo 'export PATH=\"\$HOME/.local/bin:\$PATH\"' >>~/.bashrc" ;;
  esac
  echo
}

ensure_installed() {
  if is_elsewhere; then
    program=$other
    echo "mcpconf $version is there already: $program"
    return 0
  fi
  check_link
  can_be_made "$data/mcpconf" || die_unchanged "$data can't be written by $(id -un)." \
    "Where your home can't be written, name another place: export XDG_DATA_HOME=/some/directory"
  if ! is_current || { [ -n "$linked" ] && [ ! -L "$link" ]; }; then
    make_directories
    install_mcpconf
  fi
  echo "Installed mcpconf $version: $([ -n "$linked" ] && echo "$link" || echo "$program")"
}

# --- Setting it up ---

# A repository around this file that has profiles or settings of mcpconf; not mcpconf's own.
find_dotfiles() {
  local root=$here each
  [ -n "$here" ] && [ "$kind" != checkout ] || return 0
  while [ ! -e "$root/.git" ] && [ "$root" != "$HOME" ] && [ "$root" != / ]; do root=$(dirname "$root"); done
  [ -e "$root/.git" ] || root=$here
  [ "$root" != "$HOME" ] || return 0
  for each in "$root/mcpconf" "$root/.config/mcpconf" "$root/dot_config/mcpconf" "$root"/*/.config/mcpconf; do
    if [ -f "$each/config.toml" ] || ls "$each/profiles/"*.toml >/dev/null 2>&1; then
      echo "$root"
      return 0
    fi
  done
}

set_up() {
  command -v claude >/dev/null 2>&1 || echo "Claude Code is not on PATH here: its file is written all the same."
  if [ "$after" = auto ]; then dotfiles=$(find_dotfiles); fi
  if [ -n "$dotfiles" ]; then
    exec "$program" dotfiles install --from "$dotfiles" --no-input ${1+"$@"} </dev/null
  elif [ -t 0 ] && [ -t 1 ]; then
    exec "$program" init ${1+"$@"}
  fi
  exec "$program" init --yes ${1+"$@"} </dev/null
}

uninstall() {
  if ! "$program" --version >/dev/null 2>&1; then program=$(command -v mcpconf) || program=""; fi
  if [ -n "$program" ]; then
    "$program" uninstall --purge --yes ${1+"$@"} </dev/null
  elif [ -e "$state/mcpconf/ledger.json" ]; then
    die_unchanged "mcpconf does not start, so its entries can't be given back." \
      "install.sh --no-init mends it; then this again."
  fi
  # What the program could not know, or could not remove under its own feet.
  made=$(cat "$data/mcpconf/made" 2>/dev/null) || made=""
  rm -rf "$venv"
  rm -f "$busy" "$data/mcpconf/made"
  if [ -L "$link" ] && [ "$(readlink "$link")" = "$venv/bin/mcpconf" ]; then rm -f "$link"; fi
  rmdir "$data/mcpconf" 2>/dev/null || :
  printf '%s\n' "$made" | while read -r each; do rmdir "$each" 2>/dev/null || :; done
}

main() {
  set -eu
  unset CDPATH PYTHONHOME PYTHONPATH VIRTUAL_ENV
  wheel="" dotfiles="" after=auto asked=${MCPCONF_VERSION:-} linked=""
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --wheel | --dotfiles) [ $# -gt 1 ] || wrong "$1 needs a value" ;;
    esac
    case $1 in
      --version) asked=$2 && shift ;;
      --version=*) asked=${1#*=} ;;
      --wheel) wheel=$2 && shift ;;
      --wheel=*) wheel=${1#*=} ;;
      --dotfiles) after=dotfiles dotfiles=$2 && shift ;;
      --dotfiles=*) after=dotfiles dotfiles=${1#*=} ;;
      --init) after=init ;;
      --no-init) after=nothing ;;
      --uninstall) after=uninstall ;;
      -h | --help) usage && exit 0 ;;
      --) shift && break ;;
      *) wrong "no option $1" ;;
    esac
    shift
  done
  for each in "$wheel" "$dotfiles"; do
    [ -z "$each" ] || [ -e "$each" ] || die_unchanged "$each does not exist."
  done
  [ -z "$wheel" ] || wheel=$(absolute "$wheel")
  [ -z "$dotfiles" ] || dotfiles=$(absolute "$dotfiles")
  self=$(own_file)
  here=${self%/*}
  if [ "$(id -u)" = 0 ] && [ -n "${_REMOTE_USER:-}" ] && [ "$_REMOTE_USER" != root ]; then
    case $after in
      init | uninstall) set -- "--$after" -- ${1+"$@"} ;;
      nothing) set -- --no-init ;;
      *) set -- -- ${1+"$@"} ;;
    esac
    set -- ${asked:+--version "$asked"} ${wheel:+--wheel "$wheel"} ${dotfiles:+--dotfiles "$dotfiles"} ${1+"$@"}
    hand_over "$_REMOTE_USER" "$@"
  fi
  check_home
  find_places
  if [ "$after" = uninstall ]; then
    uninstall ${1+"$@"}
    exit 0
  fi
  choose_source
  ensure_installed
  [ -z "$linked" ] || say_path
  [ "$after" != nothing ] || exit 0
  set_up ${1+"$@"}
}

wrong() {
  echo "install.sh: $1 (--help lists them; options of what sets it up go behind --)" >&2
  exit 2
}

# The last line, so that half a download does nothing.
[ -n "${mcpconf_functions_only:-}" ] || main ${1+"$@"}
