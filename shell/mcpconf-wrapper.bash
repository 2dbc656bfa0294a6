#!/usr/bin/env bash
# mcpconf's wrapper: starts one MCP server, by the first of its ways that can be taken in this place.
#
# A link `mcp-SERVER` beside this file starts it, and it reads `data/mcp-SERVER`: fields, each ended by a NUL, so that
# any text stands there as it is. mcpconf/route/wrapper.py writes them and says what they mean; a secret comes from
# the environment, else from `../secrets`, else from the keyring. Syntax of bash 3.2, which macOS has; builtins only,
# but for mcpconf itself, which asks the keyring; nothing is evaluated.
#
# Every name here begins with `_mc_`: any other might be a variable that the server is to see, or that a value names.
# `${!name}` also finds what bash itself sets without exporting it, such as HOSTNAME and UID.

# SHELLOPTS and BASHOPTS come with the environment, and so do functions: what is used here shall mean what it says.
set +euvx
unset -f read cd exec export printf exit return shift readlink
shopt -u nocasematch extdebug
shopt -s execfail # a program that can't be started leaves us here, for the next way

_mc_format="mcpconf-wrapper 1"
_mc_server=${0##*/}
_mc_unable="" # why each way was not taken
_mc_mend=""   # what to do about the first of these

_mc_say() {
  printf 'mcpconf: %s: %s\n' "$_mc_server" "${1//[[:cntrl:]]/?}" >&2
}

_mc_die() { # TEXT MEND
  _mc_say "$1; mend it with: $2"
  exit 127
}

_mc_damaged() {
  _mc_die "its data file is damaged, or of another version" "mcpconf switch PROFILE"
}

# Bytes are bytes while we work; the server gets the locale that it was meant to have.
_mc_locale_was=${LC_ALL-}
_mc_locale_set=${LC_ALL+set}

_mc_bytes() { LC_ALL=C; }

_mc_locale_back() {
  if [[ -n $_mc_locale_set ]]; then
    { LC_ALL=$_mc_locale_was; } 2>/dev/null # bash complained of an unknown locale when it started
  else
    unset LC_ALL
  fi
}

# Finds the link whose data lies beside it: the one that was started, or one that it leads to.
_mc_locate() {
  _mc_link=$0
  if [[ $_mc_link != */* ]]; then
    if [[ -e ./$_mc_link ]]; then _mc_link=./$_mc_link; else _mc_search "$_mc_link" "$PATH" && _mc_link=$_mc_found; fi
  fi
  while :; do
    _mc_directory=${_mc_link%/*}
    _mc_name=${_mc_link##*/}
    _mc_data=$_mc_directory/data/$_mc_name
    [[ -f $_mc_data || ! -L $_mc_link ]] && return
    _mc_next=$(readlink "$_mc_link") || _mc_die "can't follow $_mc_link without readlink" "mcpconf switch PROFILE"
    [[ $_mc_next == /* ]] || _mc_next=$_mc_directory/$_mc_next
    # Past the last link is this file, which has no data of its own: the missing file is the link's.
    [[ ${_mc_next##*/} == mcpconf-wrapper.bash ]] && return
    _mc_link=$_mc_next
  done
}

# Reads every field. The last one tells a whole file from one that was cut off.
_mc_read() {
  [[ -f $_mc_data ]] || _mc_die "there is no $_mc_data" "mcpconf switch PROFILE"
  [[ -r $_mc_data ]] || _mc_die "$_mc_data is for its owner alone" "mcpconf switch PROFILE, as the user you are here"
  _mc_field=()
  while IFS= read -r -d '' _mc_one; do
    _mc_field[${#_mc_field[@]}]=$_mc_one
  done <"$_mc_data"
  _mc_last=$((${#_mc_field[@]} - 1))
  [[ $_mc_last -ge 2 && ${_mc_field[0]} == "$_mc_format" && ${_mc_field[_mc_last]} == stop ]] || _mc_damaged
  _mc_server=${_mc_field[1]}
}

# NAME: sets _mc_got to a variable of the environment; fails where it is unset.
_mc_variable() {
  _mc_check_name "$1"
  if [[ $1 == LC_ALL ]]; then
    _mc_got=$_mc_locale_was
    [[ -n $_mc_locale_set ]]
  else
    _mc_got=${!1-}
    [[ -n ${!1+set} ]]
  fi
}

# An identifier it must be: bash would evaluate anything else where it takes a name.
_mc_check_name() {
  case $1 in "" | [0-9]* | *[!A-Za-z0-9_]* | _mc_*) _mc_damaged ;; esac
}

# NAME: sets _mc_got to a secret, or _mc_missing to why not. An empty variable is none: a container forwards what its
# host lacks as that.
_mc_secret() {
  _mc_missing="secret:$1 is not set"
  _mc_variable "$1" && [[ -n $_mc_got ]] && return
  if [[ -r $_mc_directory/../secrets ]]; then
    while IFS= read -r -d '' _mc_one; do
      _mc_got=${_mc_one#*=}
      [[ $_mc_one == "$1="* && -n $_mc_got ]] && return
    done <"$_mc_directory/../secrets"
  fi
  _mc_keyring "$1"
}

# NAME: sets _mc_got to a secret of the keyring. `../keyring` names those, and the command that gives one.
_mc_keyring() {
  _mc_got=""
  _mc_run=()
  _mc_listed=""
  [[ -r $_mc_directory/../keyring ]] || return
  while IFS= read -r -d '' _mc_one; do
    case $_mc_one in
      run=*) _mc_run[${#_mc_run[@]}]=${_mc_one#run=} ;;
      "name=$1") _mc_listed=yes ;;
    esac
  done <"$_mc_directory/../keyring"
  [[ -n $_mc_listed ]] || return
  _mc_missing="secret:$1 is in the keyring, and ${_mc_run[0]:-mcpconf}, which would ask it, is not here"
  [[ ${_mc_run[0]-} == /* && -x ${_mc_run[0]} ]] || return
  _mc_missing="secret:$1 is in the keyring, which did not give it"
  # The full stop keeps line ends at the end of the value. Our own stdin is the server's, and nobody else's.
  _mc_got=$(_mc_locale_back && "${_mc_run[@]}" secret print "$1" </dev/null && printf .) || return
  _mc_got=${_mc_got%.}
  [[ -n $_mc_got ]]
}

# The field that is next; sets _mc_next.
_mc_take() {
  [[ $_mc_at -le $_mc_last ]] || _mc_damaged
  _mc_next=${_mc_field[_mc_at]}
  _mc_at=$((_mc_at + 1))
}

# TEXT MEND: the way that is being read can't be taken. A reason that another way gave is not said again.
_mc_lack() {
  _mc_fits=""
  [[ "; $_mc_unable;" == *"; $1;"* ]] || _mc_unable=${_mc_unable:+$_mc_unable; }$1
  _mc_mend=${_mc_mend:-$2}
}

# Makes _mc_made of the parts of one value; what can't be filled in is noted down.
_mc_value() {
  _mc_made=""
  while :; do
    _mc_take
    _mc_tag=$_mc_next
    [[ $_mc_tag != end ]] || return 0
    _mc_take
    _mc_word=$_mc_next
    _mc_got=""
    case $_mc_tag in
      lit) _mc_got=$_mc_word ;;
      var) _mc_variable "$_mc_word" || _mc_lack "\${$_mc_word} is not set" \
        "export $_mc_word=..., or a default in the profile (mcpconf profile edit)" ;;
      def)
        _mc_take
        _mc_variable "$_mc_word" || _mc_got=$_mc_next
        ;;
      sec) _mc_secret "$_mc_word" || _mc_lack "$_mc_missing" "mcpconf secret set $_mc_word" ;;
      *) _mc_damaged ;;
    esac
    _mc_made=$_mc_made$_mc_got
  done
}

# Reads one way, up to the next: its directory, its variables (names and values side by side), program and arguments.
_mc_read_way() {
  _mc_take
  _mc_label=$_mc_next
  _mc_fits=yes
  _mc_cwd=""
  _mc_path=$PATH
  _mc_names=()
  _mc_values=()
  _mc_through=()
  _mc_argv=()
  while :; do
    _mc_take
    case $_mc_next in
      cwd)
        _mc_value
        _mc_cwd=$_mc_made
        ;;
      arg)
        _mc_value
        _mc_argv[${#_mc_argv[@]}]=$_mc_made
        ;;
      env)
        _mc_take
        _mc_check_name "$_mc_next"
        _mc_name=$_mc_next
        _mc_value
        _mc_add_variable
        ;;
      way | stop)
        [[ ${#_mc_argv[@]} -gt 0 ]] || _mc_damaged
        return
        ;;
      *) _mc_damaged ;;
    esac
  done
}

# Bash answers some names by itself, counts on them, or would take their values for arithmetic: `env` hands those over.
_mc_add_variable() {
  case $_mc_name in
    _ | SHLVL | UID | EUID | PPID | SHELLOPTS | POSIXLY_CORRECT | BASH* | RANDOM | SRANDOM | SECONDS | LINENO | \
      EPOCH* | HISTCMD | OPTIND | DIRSTACK | FUNCNAME | FUNCNEST | GROUPS | PIPESTATUS | COMP_* | IFS)
      _mc_through[${#_mc_through[@]}]=$_mc_name=$_mc_made
      return
      ;;
    PATH) _mc_path=$_mc_made ;;
  esac
  _mc_names[${#_mc_names[@]}]=$_mc_name
  _mc_values[${#_mc_values[@]}]=$_mc_made
}

# NAME PATH: sets _mc_found to a program's absolute path. What PATH names by a relative path is left out: it would be
# found in whatever directory the client runs in.
_mc_search() {
  _mc_rest=$2:
  while [[ -n $_mc_rest ]]; do
    _mc_found=${_mc_rest%%:*}/$1
    _mc_rest=${_mc_rest#*:}
    [[ $_mc_found == /?*/* && -f $_mc_found && -x $_mc_found ]] && return
  done
  return 1
}

# Sets _mc_found to what is to be started, or notes down that it is not here.
_mc_program() {
  _mc_found=${_mc_argv[0]}
  case $_mc_found in
    */*)
      _mc_one=$_mc_found
      [[ $_mc_one == /* || -z $_mc_cwd ]] || _mc_one=$_mc_cwd/$_mc_one
      [[ -f $_mc_one && -x $_mc_one ]] || _mc_lack "$_mc_label is not here" "mcpconf switch PROFILE, in this place"
      ;;
    *)
      _mc_search "${_mc_argv[0]}" "$_mc_path" ||
        _mc_lack "$_mc_label is not on PATH" "install $_mc_label, then mcpconf switch PROFILE"
      ;;
  esac
}

# Starts the way that was read. Comes back only where the system refused to start it, with everything as before.
_mc_start() {
  _mc_argv[0]=$_mc_found
  if [[ ${#_mc_through[@]} -gt 0 ]]; then
    _mc_search env "$PATH" || { _mc_lack "env is not on PATH" "install coreutils" && return; }
    _mc_argv=("$_mc_found" "${_mc_through[@]}" "${_mc_argv[@]}")
  fi
  _mc_here=$PWD
  if [[ -n $_mc_cwd ]]; then
    [[ $_mc_cwd == /* ]] || _mc_cwd=./$_mc_cwd # so that neither `-` nor CDPATH means anything
    cd "$_mc_cwd" 2>/dev/null || { _mc_lack "there is no directory $_mc_cwd" "mcpconf profile edit" && return; }
  fi
  _mc_say "starting $_mc_label"
  _mc_locale_back
  _mc_set_variables
  # shellcheck disable=SC2093  # execfail is set: what follows is for the program that can't be started
  exec -- "${_mc_argv[@]}"
  _mc_reset_variables
  _mc_bytes
  cd "$_mc_here" || _mc_die "can't go back to $_mc_here" "mcpconf status"
  _mc_lack "$_mc_label could not be started" "mcpconf server test $_mc_server"
}

_mc_set_variables() {
  _mc_were=()
  for ((_mc_i = 0; _mc_i < ${#_mc_names[@]}; _mc_i++)); do
    _mc_one=${_mc_names[_mc_i]}
    _mc_were[_mc_i]=${!_mc_one+=${!_mc_one}}
    { export "$_mc_one=${_mc_values[_mc_i]}"; } 2>/dev/null
  done
}

_mc_reset_variables() {
  for ((_mc_i = ${#_mc_names[@]} - 1; _mc_i >= 0; _mc_i--)); do
    _mc_one=${_mc_names[_mc_i]}
    if [[ -n ${_mc_were[_mc_i]} ]]; then
      { export "$_mc_one${_mc_were[_mc_i]}"; } 2>/dev/null
    else
      unset "$_mc_one"
    fi
  done
}

_mc_bytes
_mc_locate
_mc_read
_mc_at=2
_mc_take
while [[ $_mc_next == way ]]; do
  _mc_read_way
  [[ -z $_mc_fits ]] || _mc_program
  [[ -z $_mc_fits ]] || _mc_start
done
[[ $_mc_next == stop && $_mc_at -gt $_mc_last ]] || _mc_damaged
_mc_die "no way to start it: ${_mc_unable:-the profile has none for this place}" "${_mc_mend:-mcpconf switch PROFILE}"
