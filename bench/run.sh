#!/usr/bin/env bash
# Installs what is compared under .cache/bench, then runs startup.py there. Arguments go to startup.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=shell/provision-venv.sh
. shell/provision-venv.sh
place="$PWD/.cache/bench"
mkdir -p "$place/npm"
python=$(find_python)

environment() { # NAME WHAT...: a clean environment with these packages
  local at="$place/$1"
  shift
  [ -x "$at/bin/python" ] || make_venv "$at" "$python"
  venv_install "$at" "$@"
}

environment mcpconf --upgrade --force-reinstall --no-deps .
environment mcpconf .
[ -x "$place/mcpm/bin/mcpm" ] || environment mcpm mcpm
if [ ! -x "$place/npm/node_modules/.bin/claude" ]; then
  npm install --silent --no-fund --no-audit --prefix "$place/npm" @anthropic-ai/claude-code add-mcp
fi
exec "$place/mcpconf/bin/python" bench/startup.py "$place" "$@"
