#!/usr/bin/env bash
# The real programs that the tests marked `real` run: Claude Code, and the MCP servers that the shipped profiles
# name. All of it goes under .cache/real of the checkout; nothing is installed globally but, with CI=true and as root,
# Debian packages. Prints what could not be had, one line each, and exits 0: test.sh decides what that means.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

real="$PWD/.cache/real"
python="$PWD/.cache/venv/bin/python"
claude_code="@anthropic-ai/claude-code@2.1.330"
# Besides what the profiles name: a server with every feature of the protocol, one that is slow to start, and what reads
# a devcontainer.json.
extra_npm="@modelcontextprotocol/server-everything@2026.8.31 @modelcontextprotocol/server-memory@2026.8.31 \
@modelcontextprotocol/server-filesystem@2026.8.31 @devcontainers/cli@0.89.0"
extra_pypi="mcp-server-time==2026.10.19"
# The older Claude Code speaks the versions with sessions only.
claude_code_older="@anthropic-ai/claude-code@2.1.197"
# The official conformance suite, the node that it needs, and the server that it is run against: an example in the
# SDK's source distribution.
conformance="@modelcontextprotocol/conformance@0.2.0-alpha.12"
conformance_node="node@22.23.3"
sdk="mcp==2.3.0"

complete=1
missing() {
  echo "missing: $*"
  complete=""
}

stamp() { cat shell/provision-real.sh profiles/*.toml | git hash-object --stdin; }

# Every `package = "npm:..."` or "pypi:..." of the shipped profiles: what is tested is what is shipped.
profile_packages() {
  "$python" -I - "$1" <<'PY'
import pathlib, sys, tomllib

prefix, found = sys.argv[1] + ":", set()
for path in sorted(pathlib.Path("profiles").glob("*.toml")):
    for server in tomllib.loads(path.read_text("utf-8")).get("servers", {}).values():
        package = server.get("package", "")
        if package.startswith(prefix):
            found.add(package.removeprefix(prefix))
print("\n".join(sorted(found)))
PY
}

system_tools() {
  local tool wanted=""
  for tool in tmux strace socat unshare ip mkfs.ext4 zsh fish direnv stow yadm systemd-analyze \
    systemd-socket-activate; do
    command -v "$tool" >/dev/null 2>&1 && continue
    case $tool in
      unshare) wanted="$wanted util-linux" ;;
      ip) wanted="$wanted iproute2" ;;
      mkfs.ext4) wanted="$wanted e2fsprogs" ;;
      systemd-analyze) wanted="$wanted systemd" ;;
      systemd-socket-activate) ;; # of the same package
      *) wanted="$wanted $tool" ;;
    esac
  done
  [ -e /usr/share/bash-completion/bash_completion ] || wanted="$wanted bash-completion"
  [ -n "$wanted" ] || return 0
  if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086  # a list of package names
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted; } \
      >&2 && return 0
  fi
  for tool in $wanted; do missing "$tool (a package of this system)"; done
}

npm_tools() {
  if ! command -v npm >/dev/null 2>&1; then
    missing "npm (so neither Claude Code nor the npm servers can be installed)"
    return 0
  fi
  mkdir -p "$real/npm"
  export npm_config_cache="$real/npm-cache" npm_config_update_notifier=false npm_config_fund=false
  export npm_config_audit=false npm_config_loglevel=error
  # shellcheck disable=SC2086  # a list of package names
  (cd "$real/npm" && { [ -e package.json ] || echo '{"private": true}' >package.json; } \
    && npm install --no-save --prefix . "$claude_code" $extra_npm) >&2 || missing "Claude Code and the npm servers"
  [ -x "$real/npm/node_modules/.bin/claude" ] || missing "Claude Code's binary for this system"
  local package
  for package in $({ echo "$extra_npm" | tr -s " " "\n"; profile_packages npm; } | sort -u); do
    # What `npx -y PACKAGE` looks up: run nothing, keep the package in the cache, so that tests can be offline.
    npm exec --yes --package="$package" -c true >&2 </dev/null || missing "$package (npm)"
  done
}

pypi_servers() {
  local package spec
  export UV_CACHE_DIR="$real/uv-cache" UV_TOOL_DIR="$real/uv-tools" UV_PYTHON_DOWNLOADS=never
  for package in $({ echo "$extra_pypi" | tr -s " " "\n"; profile_packages pypi; } | sort -u); do
    spec=${package%%#*}
    # Python's own name is in every tool's environment: it is made and cached, and no server is started.
    "$(dirname "$python")/uv" tool run --quiet --from "$spec" python -c pass >&2 </dev/null || missing "$spec (PyPI)"
  done
}

# Apart from the other npm packages: its node must not come before the machine's own.
npm_apart() { # DIRECTORY PACKAGE...
  local at="$real/$1"
  shift
  mkdir -p "$at"
  [ -e "$at/package.json" ] || echo '{"private": true}' >"$at/package.json"
  npm install --no-save --prefix "$at" "$@" >&2 || missing "$*"
}

conformance_suite() {
  local at="$real/conformance" source
  command -v npm >/dev/null 2>&1 || return 0
  npm_apart conformance/npm "$conformance" "$conformance_node"
  if ! [ -x "$at/sdk/bin/python" ]; then "$python" -m venv "$at/sdk"; fi
  "$at/sdk/bin/python" -m pip install --quiet --disable-pip-version-check "$sdk" >&2 || missing "$sdk (PyPI)"
  source="$at/source"
  rm -rf "$source" "$at/everything-server"
  mkdir -p "$source"
  if ! {
    "$at/sdk/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary mcp \
      --dest "$source" "$sdk" && tar -xzf "$source"/mcp-*.tar.gz -C "$source" \
      && mv "$source"/mcp-*/examples/servers/everything-server "$at/everything-server"
  } >&2; then
    missing "the everything-server of $sdk (its source distribution)"
  fi
  rm -rf "$source"
}

mkdir -p "$real"
system_tools
shell/provision-docker.sh
shell/provision-wheels.sh
if [ "$(cat "$real/stamp" 2>/dev/null)" = "$(stamp) $PWD" ]; then exit 0; fi
npm_tools
if command -v npm >/dev/null 2>&1; then npm_apart claude-older "$claude_code_older"; fi
conformance_suite
pypi_servers
if [ -n "$complete" ]; then echo "$(stamp) $PWD" >"$real/stamp"; fi
