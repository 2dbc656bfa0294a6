# shellcheck shell=bash
# mcpconf's prompt segment, for bash and zsh: the active profile's name, read from one small file. It starts nothing.
#
#   . ~/.local/share/mcpconf/mcpconf-prompt.sh      # wherever this file lies
#   PS1='$(mcpconf_prompt) '"$PS1"                  # zsh: setopt prompt_subst first
#
# A project's own choice (scope local, or project) stands before the user's in its directory and below.

mcpconf_prompt() {
  local state file context profile rest directory found="" length=-1
  state=${XDG_STATE_HOME:-$HOME/.local/state}/mcpconf
  [ -e "$state" ] || state="$HOME/Library/Application Support/mcpconf/state" # where macOS has it
  file=${MCPCONF_CONFIG_DIR:+$MCPCONF_CONFIG_DIR/state}
  file=${file:-$state}/active
  [ -f "$file" ] && [ -r "$file" ] || return 0
  while IFS=$'\t' read -r context profile rest; do
    case $context in
      user) [ "$length" -ge 0 ] || found=$profile ;;
      local:* | project:*)
        directory=${context#*:}
        case $PWD/ in
          "$directory"/*)
            if [ "${#directory}" -gt "$length" ]; then
              length=${#directory}
              found=$profile
            fi
            ;;
        esac
        ;;
    esac
  done <"$file"
  printf '%s' "$found"
}
