# shellcheck shell=bash
# mcpconf for direnv: put this file into ~/.config/direnv/lib/, then write into an .envrc:
#
#   use mcpconf              # the profile that .mcpconf/profile of this directory names, once `mcpconf allow` was said
#   use mcpconf PROFILE      # this one: direnv has asked you about the .envrc already
#
# It activates nothing that was not allowed: then it says the one line to run.

use_mcpconf() {
  local marker
  marker=$(find_up .mcpconf/profile) && watch_file "$marker"
  if ! has mcpconf; then
    log_status "mcpconf is not installed here: no profile"
    return 0
  fi
  mcpconf --quiet allow --if-allowed ${1:+--profile "$1"} </dev/null || :
}
