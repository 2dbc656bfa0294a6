# shellcheck shell=bash disable=SC2034
# Sourced by test.sh and the benchmarks: finding a Python and making an environment, as install.sh does it.
mcpconf_functions_only=1
# shellcheck source=shell/install.sh
. shell/install.sh
