#!/usr/bin/env bash
# Installs real servers under .cache/bench, then runs broker.py there. Arguments go to broker.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=shell/provision-venv.sh
. shell/provision-venv.sh
place="$PWD/.cache/bench"
mkdir -p "$place/npm"
[ -x "$place/mcpconf/bin/python" ] || { make_venv "$place/mcpconf" "$(find_python)" && venv_install "$place/mcpconf" .; }
[ -x "$place/time/bin/mcp-server-time" ] || { make_venv "$place/time" "$(find_python)" && venv_install "$place/time" mcp-server-time; }
if [ ! -x "$place/npm/node_modules/.bin/mcp-server-memory" ]; then
  npm install --silent --no-fund --no-audit --prefix "$place/npm" \
    @modelcontextprotocol/server-memory @modelcontextprotocol/server-everything
fi
exec "$place/mcpconf/bin/python" -m bench.broker \
  --server "time=$place/time/bin/mcp-server-time --local-timezone UTC" \
  --server "memory=$place/npm/node_modules/.bin/mcp-server-memory" \
  --server "everything=$place/npm/node_modules/.bin/mcp-server-everything" "$@"
