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

# make_venv DIR PYTHON: an empty environment in DIR, by the first of uv, venv and virtualenv that works.
# PYTHON may be empty where uv is there, which can bring its own. What was tried goes to stderr.
make_venv() {
  local dir=$1 python=$2
  rm -rf "$dir"
  mkdir -p "$(dirname "$dir")"
  if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --seed --python "${python:->=3.11}" "$dir" >&2 && venv_works "$dir" && return 0
    rm -rf "$dir"
  fi
  if [ -n "$python" ]; then
    "$python" -m venv "$dir" >&2 && venv_works "$dir" && return 0
    rm -rf "$dir"
    "$python" -m virtualenv --quiet "$dir" >&2 && venv_works "$dir" && return 0
    rm -rf "$dir"
    if command -v virtualenv >/dev/null 2>&1; then
      virtualenv --quiet --python "$python" "$dir" >&2 && venv_works "$dir" && return 0
      rm -rf "$dir"
    fi
  fi
  explain_no_venv "$python"
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
