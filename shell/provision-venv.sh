# shellcheck shell=bash
# Sourced by install.sh and test.sh: a Python >= 3.11 and an isolated environment, made by whatever this machine has.
# bash 3.2, the one macOS ships.

# The first interpreter that starts and is new enough. A name on PATH proves nothing: pyenv's shims exist and fail.
find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3 python; do
    if "$name" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      # The interpreter itself: a shim's answer may depend on the directory it is called from.
      "$name" -I -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 1
}

# venv_works DIR: is there an environment whose Python still starts?
venv_works() {
  [ -x "$1/bin/python" ] && "$1/bin/python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# make_venv DIR PYTHON: an empty environment in DIR, by the first of uv, venv, virtualenv and pipx that works; pipx is
# last because it would download a virtualenv. PYTHON may be empty where uv is there, which can bring its own.
# What went wrong goes to stderr, and is said only where nothing worked.
make_venv() {
  local dir=$1 python=$2 said=""
  mkdir -p "$(dirname "$dir")"
  if command -v uv >/dev/null 2>&1; then
    said="$said"$'\n'"$(try_venv "$dir" uv venv --quiet --seed --python "${python:->=3.11}" "$dir")" && return 0
  fi
  if [ -n "$python" ]; then
    said="$said"$'\n'"$(try_venv "$dir" "$python" -m venv "$dir")" && return 0
    said="$said"$'\n'"$(try_venv "$dir" "$python" -m virtualenv --quiet "$dir")" && return 0
    if command -v virtualenv >/dev/null 2>&1; then
      said="$said"$'\n'"$(try_venv "$dir" virtualenv --quiet --python "$python" "$dir")" && return 0
    fi
    if command -v pipx >/dev/null 2>&1; then
      said="$said"$'\n'"$(try_venv "$dir" pipx run --quiet virtualenv --quiet --python "$python" "$dir")" && return 0
    fi
  fi
  [ -z "$said" ] || printf '%s\n' "${said#?}" >&2
  explain_no_venv "$python"
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

# What to type where no environment can be made.
explain_no_venv() {
  if [ -z "$1" ]; then
    echo "No Python 3.11 or newer on PATH. $(one_command python3 python3-venv)" >&2
  elif ! "$1" -c 'import ensurepip' >/dev/null 2>&1; then
    echo "$1 cannot make environments: its ensurepip is missing. $(one_command "" python3-venv)" >&2
  else
    echo "$1 could not make an environment; what it said is above." >&2
  fi
}

one_command() {
  local packages=$2
  if [ -n "$1" ]; then packages="$1 $2"; fi
  if command -v apt-get >/dev/null 2>&1; then
    echo "Mend it with: sudo apt-get install -y $packages"
  elif command -v brew >/dev/null 2>&1; then
    echo "Mend it with: brew install python"
  else
    echo "Install Python 3.11 or newer, with its venv module, and run this again."
  fi
}

# venv_install DIR ARGS...: pip's install into DIR, by uv where it is (it is much faster), else by the pip inside.
venv_install() {
  local dir=$1
  shift
  if command -v uv >/dev/null 2>&1 && uv pip install --quiet --python "$dir/bin/python" "$@"; then
    return 0
  fi
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
