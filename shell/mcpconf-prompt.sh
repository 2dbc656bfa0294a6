# shellcheck shell=sh disable=SC3043,SC2119,SC2120
# mcpconf's prompt segment, for bash, zsh and every sh that has `local`: the name of the profile that is active here,
# read from one small file. It starts nothing.
#
#   . ~/.local/share/mcpconf/shell/mcpconf-prompt.sh      # wherever this file lies
#   PS1='$(mcpconf_prompt) '"$PS1"                        # zsh: setopt prompt_subst first
#
# A project's own choice (scope local, or project) stands before the user's in its directory and below; what `mcpconf
# run` and `mcpconf switch --shell` started shows its own. mcpconf.bash and mcpconf.zsh have these functions in them.

# Sets _mcpconf_state and _mcpconf_config: where mcpconf keeps its files, as it says itself (mcpconf/dirs.py).
_mcpconf_places() {
  if [ -n "${1:-${MCPCONF_CONFIG_DIR-}}" ]; then
    _mcpconf_config=${1:-$MCPCONF_CONFIG_DIR}
    _mcpconf_state=$_mcpconf_config/state
    return 0
  fi
  _mcpconf_config=${HOME-}/.config/mcpconf
  case ${XDG_CONFIG_HOME-} in /*) _mcpconf_config=$XDG_CONFIG_HOME/mcpconf ;; esac
  _mcpconf_state=${HOME-}/.local/state/mcpconf
  case ${XDG_STATE_HOME-} in /*) _mcpconf_state=$XDG_STATE_HOME/mcpconf ;; esac
  [ ! -e "$_mcpconf_state" ] || return 0
  [ -e "${HOME-}/Library/Application Support/mcpconf/state" ] || return 0 # where macOS has it
  _mcpconf_config="$HOME/Library/Application Support/mcpconf"
  _mcpconf_state=$_mcpconf_config/state
}

# Sets _mcpconf_found to the profile that is active here, or to nothing. A terminal and a prompt are given no character
# that they would act on: what is no name is shown as a question mark.
_mcpconf_active() {
  local context="" profile="" rest="" directory="" length=-1
  _mcpconf_found=""
  if [ -n "${MCPCONF_SHELL-}" ] && [ -n "${MCPCONF_PROFILE-}" ]; then
    _mcpconf_found=$MCPCONF_PROFILE
  else
    _mcpconf_places
    [ -f "$_mcpconf_state/active" ] && [ -r "$_mcpconf_state/active" ] || return 0
    while IFS='	' read -r context profile rest; do # a tab
      case $context in
        user) [ "$length" -ge 0 ] || _mcpconf_found=$profile ;;
        local:* | project:*)
          directory=${context#*:}
          case $PWD/ in
            "${directory%/}"/*)
              if [ "${#directory}" -ge "$length" ]; then # the project's own stands behind the local one, and counts
                length=${#directory}
                _mcpconf_found=$profile
              fi
              ;;
          esac
          ;;
      esac
    done <"$_mcpconf_state/active"
  fi
  _mcpconf_is_name "$_mcpconf_found" || _mcpconf_found=${_mcpconf_found:+?}
}

# Whether a word is one that no shell, terminal or prompt acts on. Spelled out: a range means another thing elsewhere.
_mcpconf_is_name() {
  case $1 in
    "" | -* | *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-]*) return 1 ;;
  esac
  [ "${#1}" -le 128 ]
}

mcpconf_prompt() {
  local _mcpconf_found="" _mcpconf_state="" _mcpconf_config=""
  _mcpconf_active
  printf '%s' "$_mcpconf_found"
}
