#!/usr/bin/env bash
# mcpconf's wrapper: starts one MCP server, by the first of its ways that can be taken in this place.
#
# A link `mcp-SERVER` beside this file starts it, and it reads `data/mcp-SERVER`: fields, each ended by a NUL, so that
# any text stands there as it is. mcpconf/route/wrapper.py writes them and says what they mean; a secret comes from
# the environment, else from `../secrets`, else from the keyring. `../broker` has what the ways to the broker need:
# the Python shim, and `shim.conf`. MCPCONF_BROKER (`unix:/path/broker.sock`, `tcp:HOST:PORT`) and MCPCONF_BROKER_KEY
# (a key file) come before that.
#
# A way that leads elsewhere (broker, endpoint, container engine) is probed first; then this process becomes what was
# found, since clients signal their own child only. Where bash itself has to carry the bytes it stays and promises less:
# - When the other side goes, so does it, and what was in flight is not answered: no reconnecting.
# - Bash can't half-close a socket, so a message tells the broker that stdin has ended; a raw endpoint gets a second.
# - If it is killed with SIGKILL, its two `cat` stay until the client closes stdin.
# - A first SIGINT or SIGTERM in the microseconds before bash waits is lost to bash, as a second one is not.
# By socat, an answer that comes later than 0.9 s after the client has closed stdin is lost; a longer time would leave
# socat standing as long after the broker's end. Neither names a project: `cwd = "project"` needs the Python shim.
#
# Syntax of bash 3.2, which macOS has; nothing is evaluated. Where a program would be needed and is not there, the way
# is not taken: what starts the server's own command needs builtins only, but for mcpconf, which asks the keyring.
#
# Every name here begins with `_mc_`: any other might be a variable that the server is to see, or that a value names.
# `${!name}` also finds what bash itself sets without exporting it, such as HOSTNAME and UID.

# SHELLOPTS and BASHOPTS come with the environment, and so do functions: what is used here shall mean what it says.
_mc_posix_was=${POSIXLY_CORRECT+=$POSIXLY_CORRECT}
set +euvx +o posix
unset -f read cd exec export printf exit return shift readlink kill local trap umask unset wait
shopt -u nocasematch extdebug
shopt -s execfail # a program that can't be started leaves us here, for the next way

_mc_format="mcpconf-wrapper 1"
_mc_server=${0##*/}
_mc_unable=""  # why each way was not taken
_mc_mend=""    # what to do about the first of these
_mc_after=" "  # the ways to the broker that the shim has tried already, in whose place we stand
_mc_wanting="" # whether a way needs what bash has not read yet
_mc_argument=${1-}
_mc_skipped="" # whether a way was left out because it failed a moment ago
_mc_moment=300 # milliseconds for all probes of one way; bash 3.2 counts in seconds
_mc_memory=5   # seconds for which a failure is remembered
_mc_patience=5 # seconds for each line of a handshake
_mc_linger=0.9 # seconds: socat's, see above
_mc_port=8812  # where a broker listens by TCP, unless it was told otherwise
_mc_mounted=/run/mcpconf # where a container is given the socket directory of its host
_mc_end='{"jsonrpc":"2.0","method":"notifications/mcpconf/end_of_input"}'
_mc_hello='{"jsonrpc":"2.0","id":"mcpconf-probe","method":"initialize","params":{"protocolVersion":"2025-11-25",'
_mc_hello=$_mc_hello'"capabilities":{},"clientInfo":{"name":"mcpconf-probe","version":"1"}}}'

# --- What is said

_mc_say() {
  printf 'mcpconf: %s: %s\n' "$_mc_server" "${1//[[:cntrl:]]/?}" >&2
}

# TEXT MEND: nothing can be started. A client that speaks MCP is answered, so that its user reads a sentence.
_mc_die() {
  if [[ ${_mc_argument-} != --fail ]]; then
    _mc_say "$1; mend it with: $2"
    _mc_log "$1"
  fi
  [[ ! -t 0 ]] || exit 127
  if [[ -z $_mc_whole ]]; then
    _mc_locale_back
    exec -- "$BASH" "$0" --fail "$1" "$2" "$_mc_server"
    exit 127
  fi
  _mc_answer_all "$1" "$2"
  # shellcheck disable=SC2317  # that one ends by itself
  exit 127
}

_mc_damaged() {
  _mc_die "its data file is damaged, or of another version" "mcpconf switch PROFILE"
}

# TEXT: a line for people, beside the data; forty lines at most. It need not succeed.
_mc_log() {
  local count=0 file line=${1//[[:cntrl:]]/?}
  [[ -f ${_mc_data-} ]] || return 0
  file=$_mc_data.log
  _mc_clock '%(%Y-%m-%d %H:%M:%S)T'
  line="$_mc_now ${HOSTNAME-}: ${line:0:500}"
  if _mc_is_own "$file"; then
    while IFS= read -r _mc_one; do count=$((count + 1)); done <"$file"
    if [[ $count -lt 40 ]]; then
      { printf '%s\n' "$line" >>"$file"; } 2>/dev/null
      return 0
    fi
  fi
  _mc_write "$file" "$line"
}

# Whether a file is ours to write, and no way to another one.
_mc_is_own() { [[ -f $1 && ! -L $1 && -O $1 && -w $1 ]]; }

# FILE TEXT: writes a file that nobody else may read, where we may. In a child, so that the server keeps the umask that
# it was meant to have.
_mc_write() {
  _mc_is_own "$1" || [[ ! -e $1 && ! -L $1 && -O ${1%/*} && -w ${1%/*} ]] || return 0
  (umask 077 && printf '%s\n' "$2" >"$1") 2>/dev/null
  return 0
}

# FORMAT: sets _mc_now; bash 3.2 has no clock.
_mc_clock() {
  _mc_now=""
  [[ ${BASH_VERSINFO[0]} -gt 4 || (${BASH_VERSINFO[0]} -eq 4 && ${BASH_VERSINFO[1]} -ge 2) ]] || return
  # shellcheck disable=SC2059  # the format is the point
  printf -v _mc_now "$1" -1
}

# Bytes are bytes while we work; the server gets the locale that it was meant to have.
_mc_locale_was=${LC_ALL-}
_mc_locale_set=${LC_ALL+set}

_mc_bytes() {
  LC_ALL=C
  set +o posix
}

_mc_locale_back() {
  if [[ -n $_mc_locale_set ]]; then
    { LC_ALL=$_mc_locale_was; } 2>/dev/null # bash complained of an unknown locale when it started
  else
    unset LC_ALL
  fi
  # This turns bash's own such mode on again, shortly before the end.
  [[ -z $_mc_posix_was ]] || export "POSIXLY_CORRECT$_mc_posix_was"
}

# Finds the link whose data lies beside it: the one that was started, or one that it leads to.
_mc_locate() {
  _mc_link=$0
  if [[ $_mc_link != */* ]]; then
    if [[ -e ./$_mc_link ]]; then _mc_link=./$_mc_link; else _mc_search "$_mc_link" "$PATH" && _mc_link=$_mc_found; fi
  fi
  while :; do
    _mc_directory=${_mc_link%/*}
    _mc_data=$_mc_directory/data/${_mc_link##*/}
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
  [[ -r $_mc_data ]] || _mc_foreign
  _mc_field=()
  while IFS= read -r -d '' _mc_one; do
    _mc_field[${#_mc_field[@]}]=$_mc_one
  done <"$_mc_data"
  _mc_last=$((${#_mc_field[@]} - 1))
  [[ $_mc_last -ge 2 && ${_mc_field[0]} == "$_mc_format" && ${_mc_field[_mc_last]} == stop ]] || _mc_damaged
  _mc_server=${_mc_field[1]}
}

# The data may hold what its owner alone is to know. A program may tell who that is: nothing else is to be done.
_mc_foreign() {
  local owner="" rest
  _mc_search ls "$PATH" && read -r _ _ owner rest <<<"$("$_mc_found" -dn -- "$_mc_data" 2>/dev/null)"
  case $owner in "" | *[!0-9]*) owner="" ;; *) owner=", the user $owner; you are $EUID here" ;; esac
  _mc_die "$_mc_data is for its owner alone$owner" \
    "mcpconf switch PROFILE, as the user you are here, or start this place as that user (docker run --user)"
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

# TEXT: says and writes down which way is taken.
_mc_take_it() {
  _mc_say "$1"
  _mc_log "$1${_mc_unable:+; before it: $_mc_unable}"
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

# --- What failed a moment ago is not asked again

# KEY: whether that failed here within the last seconds. A home may be in two places at a time: each has its own luck.
_mc_failed_lately() {
  local place time key
  [[ -r $_mc_data.failed && -f $_mc_data.failed ]] && _mc_clock '%(%s)T' || return
  while IFS=' ' read -r place time key; do
    case $time in "" | *[!0-9]* | ??????????????*) continue ;; esac
    if [[ $place == "${HOSTNAME:--}" && $key == "$1" ]] &&
      ((10#$time <= _mc_now && _mc_now - 10#$time < _mc_memory)); then
      _mc_skipped=yes
      return 0
    fi
  done <"$_mc_data.failed"
  return 1
}

_mc_remember() { # KEY
  local line kept="" count=0
  _mc_clock '%(%s)T' || return 0
  if [[ -r $_mc_data.failed && -f $_mc_data.failed ]]; then
    while IFS= read -r line; do
      count=$((count + 1))
      [[ $count -gt 8 || $line == *" $1" ]] || kept=$kept${line:0:300}$'\n'
    done <"$_mc_data.failed"
  fi
  _mc_write "$_mc_data.failed" "${HOSTNAME:--} $_mc_now $1"$'\n'"${kept%$'\n'}"
}

# --- Processes: the server's image, its own command, its package, a bridge to its URL

# Reads a way that starts a process, up to the next: its directory, its variables (names and values side by side),
# program and arguments.
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
      way | engine | broker | endpoint | stop)
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
  _mc_take_it "starting $_mc_label"
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

# --- The broker, by its unix socket

# Reads what the ways to the broker share.
_mc_read_conf() {
  _mc_broker=$_mc_directory/../broker
  _mc_sockets=""
  _mc_starter=""
  _mc_address=${MCPCONF_BROKER-}
  _mc_key=${MCPCONF_BROKER_KEY-}
  [[ -r $_mc_broker/shim.conf ]] || return 0
  while IFS= read -r _mc_one || [[ -n $_mc_one ]]; do
    case $_mc_one in
      directory=*) _mc_sockets=${_mc_one#*=} ;;
      start=*) _mc_starter=${_mc_starter:-${_mc_one#*=}} ;;
      broker=*) _mc_address=${_mc_address:-${_mc_one#*=}} ;;
      key=*) _mc_key=${_mc_key:-${_mc_one#*=}} ;;
    esac
  done <"$_mc_broker/shim.conf"
}

# Reads this way: the broker's name for the server, the Python that runs the shim, and whether a project is to be named.
_mc_read_broker() {
  _mc_take && _mc_target=$_mc_next
  _mc_take && _mc_python=$_mc_next
  _mc_take && _mc_project=$_mc_next
  _mc_take
  case $_mc_target in "" | .* | *[!A-Za-z0-9._-]*) _mc_damaged ;; esac
}

# Comes back where no broker can be had.
_mc_to_broker() {
  _mc_read_conf
  case $_mc_address in
    tcp:*) _mc_is_whole && _mc_by_tcp "${_mc_address#tcp:}" ;;
    unix:/*/*) _mc_by_unix "${_mc_address#unix:}" ;;
    "") _mc_by_habit ;;
    *) _mc_lack "MCPCONF_BROKER=$_mc_address is no address" "MCPCONF_BROKER=unix:/PATH/broker.sock or tcp:HOST:PORT" ;;
  esac
}

# Where nobody says where the broker is: this user's own, the one that a container was given, the host's by TCP.
_mc_by_habit() {
  if [[ -n $_mc_sockets && -S $_mc_sockets/broker.sock ]] || _mc_may_start; then
    _mc_by_unix "$_mc_sockets/broker.sock"
  elif [[ -S $_mc_mounted/broker.sock ]]; then
    _mc_by_unix "$_mc_mounted/broker.sock" --at "unix:$_mc_mounted/broker.sock"
  elif [[ $_mc_after != *" unix "* ]]; then
    _mc_lack "no broker is running" "mcpconf broker start"
  fi
  [[ -n $_mc_key && $_mc_after != *" tcp "* ]] && _mc_is_whole || return
  _mc_hosts=("host.docker.internal:$_mc_port" "host.containers.internal:$_mc_port" "host.lima.internal:$_mc_port")
  _mc_add_gateway
  _mc_by_tcp "${_mc_hosts[@]}"
}

# Only the shim starts one. A container that mounts the host's files has not its programs.
_mc_may_start() {
  [[ ${MCPCONF_BROKER_START-} != 0 && -n $_mc_sockets && -n $_mc_starter && -x $_mc_starter ]] && _mc_has_shim
}

# Sets _mc_python to what can run the shim.
_mc_has_shim() {
  [[ -r $_mc_broker/shim.py ]] || return
  [[ $_mc_python == /* && -x $_mc_python ]] && return
  _mc_search python3 "$PATH" || return
  # A version manager's stand-in takes ten times as long as what it stands for.
  if [[ $_mc_found == */shims/* ]]; then
    _mc_search python3 /opt/homebrew/bin:/usr/local/bin:/usr/bin || _mc_search python3 "$PATH"
  fi
  # What macOS has there offers to install something, unless that is there already.
  if [[ $OSTYPE == darwin* && $_mc_found == /usr/bin/* ]]; then
    [[ -x /Library/Developer/CommandLineTools/usr/bin/python3 || -d /Applications/Xcode.app ]] || return
  fi
  _mc_python=$_mc_found
}

# KIND WHERE WORD...: becomes the shim, with further words. It gives way to us again where it finds no broker.
_mc_become_shim() {
  local _mc_kind=$1 _mc_where=$2
  shift 2
  [[ -z $_mc_project ]] || set -- --project "$@"
  _mc_argv=("$_mc_python" -I -S "$_mc_broker/shim.py" "$_mc_target" "$@" --else)
  # Python says that its locale is UTF-8, where it is not, by a variable that a server might see.
  _mc_argv=("${_mc_argv[@]}" "$BASH" "$_mc_link" --after "$_mc_after$_mc_kind " "$_mc_where")
  _mc_argv=("${_mc_argv[@]}" "${LC_CTYPE+=$LC_CTYPE}" "$_mc_unable")
  _mc_exec
  _mc_lack "the shim could not be started" "mcpconf status"
}

# Becomes what stands in _mc_argv; comes back only where the system refuses.
_mc_exec() {
  _mc_locale_back
  # shellcheck disable=SC2093  # execfail is set
  exec -- "${_mc_argv[@]}"
  _mc_bytes
}

_mc_by_unix() { # SOCKET WORD...
  local _mc_socket=$1
  shift
  [[ $_mc_after != *" unix "* ]] || return
  if [[ -z $_mc_insist ]] && _mc_failed_lately "broker $_mc_socket"; then
    _mc_lack "the broker did not answer a moment ago" "mcpconf broker status"
    return
  fi
  if _mc_has_shim; then
    _mc_take_it "joining the broker"
    _mc_become_shim unix "broker $_mc_socket" "$@"
  fi
  if ! _mc_search socat "$PATH"; then
    _mc_lack "neither Python nor socat is here for the broker" "install socat (apt-get install socat, apk add socat)"
    return
  fi
  _mc_socat=$_mc_found
  if [[ ! -S $_mc_socket ]]; then
    _mc_lack "no broker is running" "mcpconf broker start"
    return
  fi
  _mc_by_socat "${_mc_socket%/*}"
}

# DIRECTORY: whether the process that wrote broker.json is there, runs, and is a broker. That tells as much as an answer
# in a fifth of the time. One of another host, or of another container, can only be asked.
_mc_is_alive() {
  local state="" pid="" words="" word
  { IFS= read -r -d '' state <"$1/broker.json"; } 2>/dev/null
  [[ $state =~ \"host\":\ *\"([^\"]*)\" && ${BASH_REMATCH[1]} == "${HOSTNAME-}" ]] || return
  [[ $state =~ \"pid\":\ *([0-9]+) ]] || return
  pid=${BASH_REMATCH[1]}
  { IFS= read -r word <"/proc/$pid/stat"; } 2>/dev/null || return
  case ${word##*) } in [TtZX]*) return 1 ;; esac
  while IFS= read -r -d '' word; do words="$words $word"; done <"/proc/$pid/cmdline"
  [[ $words == *broker* && -S $1/$_mc_target.sock ]]
}

# DIRECTORY: an address has 107 bytes, and socat reads more into a path than that it is one.
_mc_by_socat() {
  local _mc_place=$1
  _mc_here=$PWD
  if [[ $((${#1} + ${#_mc_target})) -gt 100 || $1 == *[!A-Za-z0-9/._-]* ]]; then
    cd "$1" 2>/dev/null || return
    _mc_place=.
  fi
  if _mc_is_alive "$_mc_place" || { _mc_is_whole && _mc_lists "$_mc_place/broker.sock"; } &&
    [[ -S $_mc_place/$_mc_target.sock ]]; then
    _mc_take_it "joining the broker, by socat"
    _mc_argv=("$_mc_socat" -t "$_mc_linger" -lp "mcpconf: $_mc_server (mend it with: mcpconf broker start)")
    _mc_argv=("${_mc_argv[@]}" STDIO "UNIX-CONNECT:$_mc_place/$_mc_target.sock,retry=20,interval=0.1")
    _mc_exec
  fi
  [[ -n $_mc_wanting ]] || _mc_lack "the broker does not answer, or has no server of that name" "mcpconf switch PROFILE"
  cd "$_mc_here" || _mc_die "can't go back to $_mc_here" "mcpconf status"
}

# --- All of it

# Whether all of this file is there. Where not, the way that asks is tried again when it is.
_mc_is_whole() {
  [[ -n $_mc_whole ]] && return
  _mc_wanting=yes
  return 1
}

# Tries the ways in the order of the data, from _mc_at on. Comes back where none can be taken, or one is _mc_wanting.
_mc_try() {
  _mc_take
  while :; do
    _mc_from=$((_mc_at - 1))
    case $_mc_next in
      broker)
        _mc_read_broker
        _mc_to_broker
        ;;
      endpoint)
        _mc_take
        _mc_endpoint=$_mc_next
        _mc_take
        _mc_is_whole && _mc_to_endpoint "$_mc_endpoint"
        ;;
      way | engine)
        _mc_way=$_mc_next
        _mc_read_way
        [[ -z $_mc_fits ]] || _mc_program
        [[ -z $_mc_fits || $_mc_way != engine ]] || { _mc_is_whole && _mc_engine; }
        [[ -z $_mc_fits || -n $_mc_wanting ]] || _mc_start
        ;;
      stop) break ;;
      *) _mc_damaged ;;
    esac
    if [[ -n $_mc_wanting ]]; then
      _mc_at=$_mc_from
      return
    fi
    _mc_at=$((_mc_at - 1)) && _mc_take
  done
  [[ $_mc_at -gt $_mc_last ]] || _mc_damaged
}

# `--after KINDS WHERE LC_CTYPE REASONS REASON`: what the shim starts in its place.
_mc_come_back() {
  _mc_after=$2
  if [[ -n $4 ]]; then export "LC_CTYPE$4"; else unset LC_CTYPE; fi
  _mc_unable=$5
  _mc_one=${6%%; run: *}
  _mc_lack "$_mc_one" "mcpconf broker status"
  [[ $_mc_one != *"not answer"* ]] || _mc_remember "$3"
}

# This far bash has read. What follows takes it as long to read as all else takes, and most starts need none of it.
_mc_bytes
_mc_whole=""
_mc_insist=""
if [[ ${BASH_SOURCE[0]} == "$0" && ($# -eq 0 || $1 == --after) ]]; then
  _mc_locate
  _mc_read
  [[ $# -ne 6 ]] || _mc_come_back "$@"
  _mc_at=2
  _mc_try
fi
_mc_whole=yes

# --- Who answers? Probes run side by side, and none of them outlasts the moment that all have together.

# FUNCTION ADDRESS...: begins to ask each address, in a child of a child that has nothing of the client's. It says
# `yes NUMBER` or `no NUMBER`; who it is, is said for it. All are waited for: nobody else might do that in a container.
_mc_ask() {
  _mc_asked=$(($# - 1))
  _mc_pids=()
  _mc_over=()
  _mc_begin
  trap '_mc_ask_stop 129' HUP
  trap '_mc_ask_stop 130' INT
  trap '_mc_ask_stop 143' TERM
  exec 5< <(_mc_ask_each "$@" </dev/null 2>/dev/null)
  _mc_prober=$!
}

_mc_ask_each() {
  local what=$1 each number=0
  _mc_pids=()
  trap 'kill ${_mc_pids[@]+"${_mc_pids[@]}"}; exit 1' TERM
  shift
  for each in "$@"; do
    { if "$what" "$each"; then printf 'yes %s\n' "$number"; else printf 'no %s\n' "$number"; fi; } &
    _mc_pids[number]=$!
    printf 'pid %s %s\n' "$number" "$!"
    number=$((number + 1))
  done
  wait
}

# Sets _mc_answer to the number of the next that says yes; fails where none does, or none in time.
_mc_ask_next() {
  while [[ ${#_mc_over[@]} -lt $_mc_asked ]] && _mc_time_left && _mc_ask_hear "$_mc_rest"; do
    [[ $_mc_word != yes ]] || return 0
  done
  return 1
}

# SECONDS: takes one line of what is said.
_mc_ask_hear() {
  IFS=' ' read -r -t "$1" -u 5 _mc_word _mc_answer _mc_one || return 1
  case $_mc_word in
    pid) _mc_pids[_mc_answer]=$_mc_one ;;
    *) _mc_over[_mc_answer]=$_mc_word ;;
  esac
}

# CODE: a signal has come, perhaps amid a line. The prober ends who works for it.
_mc_ask_stop() {
  trap '' HUP INT TERM
  kill "$!" 2>/dev/null
  _mc_asked=0
  _mc_ask_no_more
  exit "$1"
}

# Ends those who have not answered. Each has been named at once, but perhaps it was not heard yet.
_mc_ask_no_more() {
  trap '' HUP INT TERM
  while [[ ${#_mc_pids[@]} -lt $_mc_asked ]] && _mc_ask_hear 1; do :; done
  for _mc_one in ${_mc_pids[@]+"${!_mc_pids[@]}"}; do
    [[ -n ${_mc_over[_mc_one]-} ]] || kill "${_mc_pids[_mc_one]}" 2>/dev/null
  done
  _mc_reap
  trap - HUP INT TERM
}

# The prober has ended when nobody can write any more. Before bash 4.4 its process id is not told, and bash sees to it.
_mc_reap() {
  while IFS= read -r -u 5 _mc_one; do :; done
  exec 5<&-
  [[ ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} -lt 44 ]] || wait "$_mc_prober" 2>/dev/null
}

_mc_begin() {
  _mc_ticks
  _mc_began=$_mc_now
}

# Sets _mc_rest to the seconds that are left of the moment; fails where none is.
_mc_time_left() {
  local left
  _mc_ticks
  left=$((_mc_moment - (_mc_now - _mc_began)))
  [[ $left -gt 0 ]] || return
  printf -v _mc_rest '%d.%03d' $((left / 1000)) $((left % 1000))
  [[ ${BASH_VERSINFO[0]} -ge 4 ]] || _mc_rest=1
}

# Sets _mc_now to milliseconds since whenever. Before bash 5 there is no such clock, and each answer has its moment.
_mc_ticks() {
  _mc_now=${EPOCHREALTIME-}
  case $_mc_now in
    [1-9]*.[0-9][0-9][0-9][0-9][0-9][0-9]) _mc_now=${_mc_now%???} && _mc_now=${_mc_now/./} ;;
    *) _mc_now=0 ;;
  esac
  case $_mc_now in *[!0-9]*) _mc_now=0 ;; esac
}

# HOST:PORT: opens descriptor 3.
_mc_dial() {
  local host=${1%:*} port=${1##*:}
  if [[ $host == \[*\] ]]; then host=${host#\[} host=${host%\]}; fi
  { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null
}

_mc_is_address() {
  local host=${1%:*} port=${1##*:}
  if [[ $host == \[*\] ]]; then host=${host#\[} host=${host%\]}; fi
  [[ $1 == *:* && -n $host && $host != *[!A-Za-z0-9.:_-]* && -n $port && $port != *[!0-9]* && ${#port} -le 5 ]]
}

# HOST:PORT: whether what listens there greets as a broker does.
_mc_greets() {
  _mc_dial "$1" && IFS= read -r -t "$_mc_patience" -n 256 -u 3 _mc_line && [[ $_mc_line == "MCPCONF1 "* ]]
}

# HOST:PORT: whether what listens there answers MCP in lines. It may say something else first; HTTP is none of it.
_mc_answers() {
  local count
  _mc_dial "$1" && printf '%s\n' "$_mc_hello" >&3 || return
  for ((count = 0; count < 20; count++)); do
    IFS= read -r -t "$_mc_patience" -u 3 _mc_line || return
    case $_mc_line in
      "{"*'"mcpconf-probe"'*) [[ $_mc_line == *'"method"'* ]] || return 0 ;;
      "{"* | "" | $'\r') ;;
      *) return 1 ;;
    esac
  done
  return 1
}

# PROGRAM: whether a container engine is behind this client of one. Asked to end, it ends that one too.
_mc_has_engine() {
  "$1" version >/dev/null &
  trap 'kill -KILL $!; wait $!; exit 1' TERM
  wait $!
}

# SOCKET: whether a broker answers there that has the server. socat itself ends after the moment.
_mc_lists() {
  local found=""
  _mc_begin
  exec 5< <(printf 'MCPCONF1 LIST\n' | "$_mc_socat" -T0.3 -t0.3 - "UNIX-CONNECT:$1" 2>/dev/null)
  _mc_prober=$!
  while IFS= read -r _mc_line; do
    [[ $_mc_line != "$_mc_target" ]] || found=yes
  done <&5
  _mc_reap
  _mc_time_left || _mc_remember "broker $1"
  [[ -n $found ]]
}

# WHAT FUNCTION ADDRESS...: sets _mc_answer to the number of an address that says yes. What let it wait is remembered.
_mc_probe() {
  local key="$1 ${*:3}" found
  shift
  if [[ -z $_mc_insist ]] && _mc_failed_lately "$key"; then
    return 1
  fi
  _mc_ask "$@"
  _mc_ask_next
  found=$?
  [[ $found -eq 0 || ${#_mc_over[@]} -eq $_mc_asked ]] || _mc_remember "$key"
  _mc_number=$_mc_answer
  _mc_ask_no_more
  _mc_answer=$_mc_number
  return "$found"
}

# --- The broker, by TCP

# The default gateway, where this is a container: on a host that is somebody's router.
_mc_add_gateway() {
  local to via hex
  [[ (-e /.dockerenv || -e /run/.containerenv || -n ${container-}) && -r /proc/net/route ]] || return 0
  while read -r _mc_one to via _mc_one; do
    [[ $to == 00000000 && ${#via} == 8 && $via != *[!0-9A-F]* ]] || continue
    hex="$((16#${via:6:2})).$((16#${via:4:2})).$((16#${via:2:2})).$((16#${via:0:2}))"
    _mc_hosts[${#_mc_hosts[@]}]=$hex:$_mc_port
    return
  done </proc/net/route
}

_mc_by_tcp() { # HOST:PORT...
  [[ $_mc_after != *" tcp "* ]] || return
  _mc_hosts=("$@")
  for _mc_host in "$@"; do
    _mc_is_address "$_mc_host" && continue
    _mc_lack "tcp:$_mc_host is no address" "MCPCONF_BROKER=tcp:HOST:PORT"
    return
  done
  _mc_read_key || return
  _mc_mend_host="mcpconf broker start --listen tcp:HOST:PORT, on its host"
  if ! _mc_probe broker _mc_greets "$@"; then
    _mc_lack "no broker listens on $*" "$_mc_mend_host"
    return
  fi
  _mc_host=${_mc_hosts[_mc_answer]}
  if _mc_has_shim; then
    _mc_take_it "joining the broker on $_mc_host"
    _mc_become_shim tcp "broker $*" --at "tcp:$_mc_host"
  fi
  if _mc_dial "$_mc_host"; then
    _mc_hmac_key "$_mc_secret" && _mc_make_nonce && _mc_shake_hands "open/$_mc_target" && _mc_pump broker
    exec 3<&-
  else
    _mc_lack "no broker listens on $_mc_host" "$_mc_mend_host"
  fi
}

# Sets _mc_key_id and _mc_secret.
_mc_read_key() {
  local more=""
  _mc_key_id="" _mc_secret=""
  if [[ -z $_mc_key ]]; then
    _mc_lack "a broker behind TCP wants a key" "MCPCONF_BROKER_KEY=FILE, of mcpconf broker key new ID"
    return 1
  fi
  { IFS=' ' read -r _mc_key_id _mc_secret more <"$_mc_key"; } 2>/dev/null
  _mc_secret=${_mc_secret%$'\r'}
  if [[ -z $_mc_secret ]]; then
    _mc_lack "the key file $_mc_key can't be read" "ls -l $_mc_key"
  elif [[ -n $more || ${#_mc_secret} != 64 || $_mc_secret == *[!0-9a-f]* ||
    ${#_mc_key_id} -gt 32 || $_mc_key_id == *[!a-z0-9-]* ]]; then
    _mc_lack "$_mc_key is no key file" "mcpconf broker key new ID"
  else
    return 0
  fi
  return 1
}

# Sets _mc_nonce to 16 random bytes, in hex.
_mc_make_nonce() {
  local byte digits count
  _mc_nonce=""
  if ! { exec 4</dev/urandom; } 2>/dev/null; then
    _mc_lack "there is no /dev/urandom" "mount /dev"
    return 1
  fi
  for ((count = 0; count < 16; count++)); do
    IFS= read -r -d '' -n 1 -u 4 byte # a NUL byte ends it, and leaves an empty string
    printf -v digits %d "'$byte"
    printf -v digits %02x $((digits & 255))
    _mc_nonce=$_mc_nonce$digits
  done
  exec 4<&-
}

# Sets _mc_line to a line of the broker's: bounded in time and length, and read byte by byte, so that no more is taken.
_mc_hear() {
  _mc_line=""
  IFS= read -r -t "$_mc_patience" -n 256 -u 3 _mc_line
}

# TARGET: proves the key, and has the broker prove it. Until it has, it gets nothing of the client's.
_mc_shake_hands() {
  local nonces where="the broker on $_mc_host" other="what listens on $_mc_host"
  _mc_hear
  if [[ $_mc_line != "MCPCONF1 "* || ${#_mc_line} != 41 || ${_mc_line#MCPCONF1 } == *[!0-9a-f]* ]]; then
    _mc_lack "$other is no broker of mcpconf's" "mcpconf broker status, on its host"
    return 1
  fi
  nonces="${_mc_line#MCPCONF1 }|$_mc_nonce"
  _mc_hmac_text "c|$nonces|$1"
  { printf 'AUTH %s %s %s %s\n' "$_mc_key_id" "$_mc_nonce" "$1" "$_mc_hash" >&3; } 2>/dev/null
  _mc_hmac_text "s|$nonces|$1"
  _mc_hear
  case $_mc_line in
    "OK $_mc_hash") return 0 ;;
    "NO "*) _mc_lack "$where refuses: ${_mc_line#NO }" "mcpconf broker status, on its host" ;;
    "") _mc_lack "$where does not take the key $_mc_key_id" "mcpconf broker key ls, on its host" ;;
    *) _mc_lack "$other could not prove that it is the broker" "mcpconf broker key ls, on its host" ;;
  esac
  return 1
}

# --- HMAC-SHA256, of keys of up to 64 bytes; FIPS 180-4, RFC 2104

_mc_k=(
  0x428a2f98 0x71374491 0xb5c0fbcf 0xe9b5dba5 0x3956c25b 0x59f111f1 0x923f82a4 0xab1c5ed5
  0xd807aa98 0x12835b01 0x243185be 0x550c7dc3 0x72be5d74 0x80deb1fe 0x9bdc06a7 0xc19bf174
  0xe49b69c1 0xefbe4786 0x0fc19dc6 0x240ca1cc 0x2de92c6f 0x4a7484aa 0x5cb0a9dc 0x76f988da
  0x983e5152 0xa831c66d 0xb00327c8 0xbf597fc7 0xc6e00bf3 0xd5a79147 0x06ca6351 0x14292967
  0x27b70a85 0x2e1b2138 0x4d2c6dfc 0x53380d13 0x650a7354 0x766a0abb 0x81c2c92e 0x92722c85
  0xa2bfe8a1 0xa81a664b 0xc24b8b70 0xc76c51a3 0xd192e819 0xd6990624 0xf40e3585 0x106aa070
  0x19a4c116 0x1e376c08 0x2748774c 0x34b0bcb5 0x391c0cb3 0x4ed8aa4a 0x5b9cca4f 0x682e6ff3
  0x748f82ee 0x78a5636f 0x84c87814 0x8cc70208 0x90befffa 0xa4506ceb 0xbef9a3f7 0xc67178f2
)
_mc_first=(0x6a09e667 0xbb67ae85 0x3c6ef372 0xa54ff53a 0x510e527f 0x9b05688c 0x1f83d9ab 0x5be0cd19)

# HEX: puts whole blocks, 128 digits each, into the state _mc_h. A word beside itself (x << 32 | x) is rotated by one
# shift. What shifts leave above the 32nd bit is kept apart by sums and exclusive ors: one mask for each word is enough.
_mc_absorb() {
  local hex=$1 i x y t u a b c d e f g h m=0xffffffff w
  while [[ -n $hex ]]; do
    w=()
    for ((i = 0; i < 16; i++)); do w[i]=$((0x${hex:i * 8:8})); done
    hex=${hex:128}
    for ((i = 16; i < 64; i++)); do
      ((x = w[i - 15], y = w[i - 2], t = x << 32 | x, u = y << 32 | y,
        w[i] = w[i - 16] + w[i - 7] + (t >> 7 ^ t >> 18 ^ x >> 3) + (u >> 17 ^ u >> 19 ^ y >> 10) & m))
    done
    ((a = _mc_h[0], b = _mc_h[1], c = _mc_h[2], d = _mc_h[3], e = _mc_h[4], f = _mc_h[5], g = _mc_h[6], h = _mc_h[7]))
    for ((i = 0; i < 64; i++)); do
      ((x = e << 32 | e, y = a << 32 | a,
        t = h + (x >> 6 ^ x >> 11 ^ x >> 25) + (g ^ e & (f ^ g)) + _mc_k[i] + w[i],
        u = (y >> 2 ^ y >> 13 ^ y >> 22) + (a & b | c & (a | b)),
        h = g, g = f, f = e, e = d + t & m, d = c, c = b, b = a, a = t + u & m))
    done
    ((_mc_h[0] = _mc_h[0] + a & m, _mc_h[1] = _mc_h[1] + b & m, _mc_h[2] = _mc_h[2] + c & m, _mc_h[3] = _mc_h[3] + d & m,
      _mc_h[4] = _mc_h[4] + e & m, _mc_h[5] = _mc_h[5] + f & m, _mc_h[6] = _mc_h[6] + g & m, _mc_h[7] = _mc_h[7] + h & m))
  done
}

# HEX: sets _mc_hash to the digest, in hex, of the one block that the state has taken already and of this.
_mc_finish() {
  local hex=$1 length zeros
  length=$((${#1} * 4 + 512))
  zeros=$(((240 - (${#1} + 2) % 128) % 128))
  hex=${hex}80
  while ((zeros >= 8)); do hex=${hex}00000000 zeros=$((zeros - 8)); done
  while ((zeros > 0)); do hex=${hex}00 zeros=$((zeros - 2)); done
  printf -v length %016x "$length"
  _mc_absorb "$hex$length"
  printf -v _mc_hash %08x "${_mc_h[@]}"
}

# HEX: sets the key. The two blocks that are made of it are the same for every message.
_mc_hmac_key() {
  local i hex=$1 inner="" outer="" word
  while ((${#hex} < 128)); do hex=${hex}00; done
  for ((i = 0; i < 128; i += 8)); do
    printf -v word %08x $((0x${hex:i:8} ^ 0x36363636))
    inner=$inner$word
    printf -v word %08x $((0x${hex:i:8} ^ 0x5c5c5c5c))
    outer=$outer$word
  done
  _mc_h=("${_mc_first[@]}")
  _mc_absorb "$inner"
  _mc_inner=("${_mc_h[@]}")
  _mc_h=("${_mc_first[@]}")
  _mc_absorb "$outer"
  _mc_outer=("${_mc_h[@]}")
}

# HEX: sets _mc_hash to the HMAC of a message.
_mc_hmac() {
  _mc_h=("${_mc_inner[@]}")
  _mc_finish "$1"
  _mc_h=("${_mc_outer[@]}")
  _mc_finish "$_mc_hash"
}

# TEXT: sets _mc_hash to the HMAC of ASCII text.
_mc_hmac_text() {
  local i hex="" digits
  for ((i = 0; i < ${#1}; i++)); do
    printf -v digits %02x "'${1:i:1}"
    hex=$hex$digits
  done
  _mc_hmac "$hex"
}

# --- Bash as the carrier

# Three processes, all children of this one and none with a child of its own, so that each can be ended and waited for:
# one brings, one takes, and one tells the broker when the latter has ended, which it knows by a pipe that only that one
# holds open. The line end before its message is for a last line that has none. A signal that comes meanwhile is noted
# down. (As a pipeline this hung: where a trap runs between its parts, bash 5.2 then waits for them.)
_mc_pump() { # broker | endpoint
  _mc_search cat "$PATH" || _mc_found=""
  _mc_cat=$_mc_found
  _mc_take_it "carrying bytes to the $1 on $_mc_host"
  _mc_signal=""
  trap '_mc_signal=129' HUP
  trap '_mc_signal=130' INT
  trap '_mc_signal=143' TERM
  _mc_carry <&3 2>/dev/null &
  _mc_bringer=$!
  exec 4> >(_mc_tell "$1" 2>/dev/null)
  _mc_teller=$! # before bash 4.4 this is the bringer still, and the system waits for the teller
  _mc_carry <&0 >&3 2>/dev/null &
  _mc_taker=$!
  exec </dev/null >/dev/null 3>&- 4>&-
  trap '_mc_stop 129' HUP
  trap '_mc_stop 130' INT
  trap '_mc_stop 143' TERM
  [[ -z $_mc_signal ]] || _mc_stop "$_mc_signal"
  wait "$_mc_bringer"
  kill -0 "$_mc_taker" 2>/dev/null || _mc_stop 0
  _mc_say "the $1 on $_mc_host went away; mend it with: mcpconf broker start, there, and a new session of the client's"
  _mc_stop 1
}

# CODE: SIGKILL, because a child that has not become `cat` yet could lose another signal.
_mc_stop() {
  trap '' HUP INT TERM
  exec 2>/dev/null # bash would tell of each that was killed
  kill -KILL "$_mc_teller" "$_mc_taker" "$_mc_bringer"
  wait "$_mc_teller" "$_mc_taker" "$_mc_bringer"
  exit "$1"
}

# stdin to stdout. Where there is no `cat`, line by line and far slower: it is read byte by byte.
_mc_carry() {
  [[ -z $_mc_cat ]] || exec "$_mc_cat"
  while IFS= read -r _mc_line; do
    printf '%s\n' "$_mc_line" || exit
  done
  printf %s "$_mc_line"
}

# Ends when the client has: a raw endpoint has no word for that, and is left a second for its last answers.
_mc_tell() {
  read -r _mc_line
  if [[ $1 == broker ]]; then
    printf '\n%s\n' "$_mc_end" >&3
  else
    _mc_search sleep "$PATH" && "$_mc_found" 1
    kill -KILL "$_mc_bringer"
  fi
}

# --- A raw MCP endpoint

_mc_to_endpoint() { # HOST:PORT
  _mc_host=$1
  _mc_is_address "$1" || _mc_damaged
  if ! _mc_probe endpoint _mc_answers "$1"; then
    _mc_lack "no MCP server answers on $1" "mcpconf profile edit"
    return
  fi
  if _mc_search socat "$PATH"; then
    _mc_take_it "joining the endpoint on $1, by socat"
    _mc_argv=("$_mc_found" -t "$_mc_linger" -lp "mcpconf: $_mc_server" STDIO "TCP:$1")
    _mc_exec
  fi
  if _mc_dial "$1"; then
    _mc_pump endpoint
  fi
  _mc_lack "no MCP server answers on $1" "mcpconf profile edit"
}

# --- A container engine

# Where no engine answers, its client waits or fails, and that is too late for another way.
_mc_engine() {
  _mc_program=$_mc_found
  _mc_probe engine _mc_has_engine "$_mc_program" ||
    _mc_lack "no container engine answers $_mc_label" "start Docker, then docker version"
  _mc_found=$_mc_program
}

_mc_answer_all() { # TEXT MEND: a stub
  while IFS= read -r _mc_line; do :; done
  exit 0
}

_mc_bytes
# Read by a test for its functions, it does nothing.
[[ ${BASH_SOURCE[0]} == "$0" ]] || return 0
if [[ ${1-} == --fail && $# -eq 4 ]]; then
  _mc_server=$4
  _mc_die "$2" "$3"
fi
if [[ -z $_mc_wanting ]]; then
  _mc_locate
  _mc_read
  _mc_at=2
fi
_mc_wanting=""
_mc_try
if [[ -n $_mc_skipped ]]; then
  _mc_insist=yes
  _mc_at=2
  _mc_try
fi
_mc_die "no way to start it: ${_mc_unable:-the profile has none for this place}" "${_mc_mend:-mcpconf switch PROFILE}"
