#!/usr/bin/env bash
# What a TAB and a prompt cost in bash, zsh and fish, beside starting a shell and beside asking Python. Wall time in ms,
# the best of some rounds; each figure is of one, from many of them in a running shell. Needs mcpconf on PATH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
shell="$PWD/shell"
rounds=${1:-5}
times=100
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export HOME="$place/home" LC_ALL=C.UTF-8
unset XDG_STATE_HOME XDG_CONFIG_HOME MCPCONF_CONFIG_DIR MCPCONF_SHELL
mkdir -p "$HOME/.local/state/mcpconf" "$HOME/.config/mcpconf/profiles"
printf 'user\twork\t\n' >"$HOME/.local/state/mcpconf/active"
# Thirty servers with thirty tools each, and forty profiles: more than anybody has.
{
  printf 'servers\t=work\t'
  printf 'server%s ' {1..30}
  echo
  for server in {1..30}; do
    printf 'tools\t=server%s\t' "$server"
    printf 'tool%s ' {1..30}
    echo
  done
} >"$HOME/.local/state/mcpconf/words"
for profile in {1..40}; do : >"$HOME/.config/mcpconf/profiles/profile$profile.toml"; done

now() { echo "${EPOCHREALTIME/./}"; }

best() { # COMMAND...: the least of the rounds, in microseconds of wall time
  local least="" start took round
  for ((round = 0; round < rounds; round++)); do
    start=$(now)
    "$@" >/dev/null 2>&1 </dev/null
    took=$(($(now) - start))
    if [ -z "$least" ] || [ "$took" -lt "$least" ]; then least=$took; fi
  done
  echo "$least"
}

row() { printf '| %s | %d.%02d |\n' "$1" $(($2 / 1000)) $(($2 % 1000 / 10)); }

# LABEL SHELL PREPARATION ONE: the cost of one, in a shell that does it many times.
each() {
  local empty full
  case $2 in
    fish) loop() { fish --no-config -c "$1; for i in (seq $3); $2; end"; } ;;
    zsh) loop() { zsh -f -c "$1; repeat $3; do $2; done"; } ;;
    *) loop() { bash --norc -c "$1; for ((i = 0; i < $3; i++)); do $2; done"; } ;;
  esac
  empty=$(best loop "$3" "$4" 0)
  full=$(best loop "$3" "$4" "$times")
  row "$1" $(((full - empty) / times))
}

# A zsh on a terminal of its own completes the same line many times, and notes how long that took.
zsh_tab() { # LINE
  cat >"$place/setup.zsh" <<END
PS1= RPS1=; autoload -Uz compinit; compinit -u -D; . $shell/mcpconf.zsh; zmodload zsh/datetime
setopt no_auto_menu no_list_beep
bench() {
  local i start=\$EPOCHREALTIME
  for ((i = 0; i < $times; i++)); do BUFFER=\$LINE CURSOR=\$#LINE; zle complete-word; done
  print -r -- \$(( (EPOCHREALTIME - start) * 1000000 / $times )) >$place/took
  BUFFER=
}
zle -N bench; bindkey '^G' bench; print ready >$place/ready
END
  rm -f "$place/took" "$place/ready"
  LINE=$1 PLACE=$place zsh -f -c '
    zmodload zsh/zpty
    zpty z "zsh -f -i"
    zpty -w z ". $PLACE/setup.zsh"
    while [[ ! -s $PLACE/ready ]]; do zpty -rt z line; sleep 0.02; done
    zpty -n -w z $'"'\\a'"'
    while [[ ! -s $PLACE/took ]]; do zpty -rt z line; sleep 0.02; done
    zpty -d z' >/dev/null 2>&1
  sed 's/\..*//' "$place/took"
}

least_zsh() {
  local least="" took round
  for ((round = 0; round < rounds; round++)); do
    took=$(zsh_tab "$1")
    if [ -z "$least" ] || [ "$took" -lt "$least" ]; then least=$took; fi
  done
  echo "$least"
}

offer() { # WORDS...: what bash has to do at a TAB behind these words
  printf 'COMP_WORDS=(mcpconf %s); COMP_CWORD=%d COMP_TYPE=9; _mcpconf' "$*" $#
}

echo "| what | ms |"
echo "|---|---|"
row "start bash, which does nothing" "$(best bash --norc -c :)"
row "the same, and source mcpconf.bash" "$(best bash --norc -c ". $shell/mcpconf.bash")"
if command -v zsh >/dev/null; then
  row "start zsh / and source mcpconf.zsh" "$(best zsh -f -c ". $shell/mcpconf.zsh")"
fi
if command -v fish >/dev/null; then
  row "start fish / and source mcpconf.fish" "$(best fish --no-config -c "source $shell/mcpconf.fish")"
fi
each "bash: TAB behind \`mcpconf switch\`, 40 profiles" bash ". $shell/mcpconf.bash" "$(offer switch "''")"
each "bash: TAB behind \`mcpconf init --\`" bash ". $shell/mcpconf.bash" "$(offer init --)"
each "bash: TAB behind \`mcpconf call server30\`" bash ". $shell/mcpconf.bash" "$(offer call server30 "''")"
each "bash: the prompt" bash ". $shell/mcpconf.bash" ": \$(mcpconf_prompt)"
if command -v zsh >/dev/null; then
  row "zsh: TAB behind \`mcpconf switch\`, 40 profiles" "$(least_zsh 'mcpconf switch ')"
  row "zsh: TAB behind \`mcpconf call server30\`" "$(least_zsh 'mcpconf call server30 ')"
  each "zsh: the prompt" zsh ". $shell/mcpconf.zsh" ": \$(mcpconf_prompt)"
fi
if command -v fish >/dev/null; then
  each "fish: TAB behind \`mcpconf switch\`, 40 profiles" fish "source $shell/mcpconf.fish" "complete -C 'mcpconf switch '"
  each "fish: TAB behind \`mcpconf call server30\`" fish "source $shell/mcpconf.fish" "complete -C 'mcpconf call server30 '"
  each "fish: the prompt" fish "source $shell/mcpconf.fish" mcpconf_prompt
fi
row "starship's way: \`sh -c '. mcpconf-prompt.sh; mcpconf_prompt'\`" "$(best sh -c ". $shell/mcpconf-prompt.sh; mcpconf_prompt")"
if command -v mcpconf >/dev/null; then
  row "ask Python, without typer: \`mcpconf __complete servers\`" "$(best mcpconf __complete servers)"
  row "ask Python, with typer: \`mcpconf switch --help\`" "$(best mcpconf switch --help)"
fi
