#!/usr/bin/env bash
# The wheels of mcpconf's dependencies, of what builds it and of a pip, for the tests that install it without a network.
# Under .cache/real/wheels of the checkout. Prints a line where they could not be had, and exits 0.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python="${1:-$PWD/.cache/venv/bin/python}"
wheels="$PWD/.cache/real/wheels"

# What pyproject.toml names, for this very Python.
wanted() {
  "$python" -I - <<'PY'
import tomllib

with open("pyproject.toml", "rb") as stream:
    data = tomllib.load(stream)
print("pip", *data["build-system"]["requires"], *data["project"]["dependencies"], sep="\n")
PY
}

stamp() { { wanted; "$python" -VV; cat shell/provision-wheels.sh; } | git hash-object --stdin; }

if [ "$(cat "$wheels/.stamp" 2>/dev/null)" = "$(stamp)" ]; then exit 0; fi
rm -rf "$wheels"
mkdir -p "$wheels"
wanted >"$wheels/wanted.txt"
if "$python" -I -m pip download --quiet --disable-pip-version-check --only-binary :all: --dest "$wheels" \
  --requirement "$wheels/wanted.txt" >&2; then
  stamp >"$wheels/.stamp"
else
  echo "missing: the wheels of mcpconf's dependencies: no tests of an installation without a network"
fi
