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
  _mc_image=""
  _mc_cwd=""
  _mc_path=$PATH
  _mc_names=()
  _mc_values=()
  _mc_through=()
  _mc_argv=()
  while :; do
    _mc_take
    case $_mc_next in
      image)
        _mc_take
        _mc_image=$_mc_next
        ;;
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
  [[ $_mc_way != engine ]] || _mc_watch
  _mc_locale_back
  _mc_set_variables
  # shellcheck disable=SC2093  # execfail is set: what follows is for the program that can't be started
  exec -- "${_mc_argv[@]}"
  _mc_reset_variables
  _mc_bytes
  [[ $_mc_way != engine ]] || exec 4>&-
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

# PROGRAM: whether a container engine is behind this client of one; and whether it has the image.
_mc_has_engine() { _mc_obeys "$1" version; }
_mc_has_image() { _mc_obeys "$1" image inspect "$_mc_image"; }

# PROGRAM WORD...: whether that succeeds. Asked to end, it ends that one too.
_mc_obeys() {
  "$@" >/dev/null &
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

# Where no engine answers, its client waits or fails, and that is too late for another way; so it is without the image.
_mc_engine() {
  _mc_program=$_mc_found
  _mc_over=()
  if [[ -z $_mc_image ]] || ! _mc_probe image _mc_has_image "$_mc_program"; then
    _mc_lacking=${_mc_over[0]-} # `no`, and not silence: a slow engine may have it
    if ! _mc_probe engine _mc_has_engine "$_mc_program"; then
      _mc_lack "no container engine answers $_mc_label" "start Docker, then docker version"
    elif [[ -n $_mc_image && $_mc_lacking == no ]]; then
      _mc_lack "the image $_mc_image is not here" "mcpconf server pull $_mc_server"
    fi
  fi
  [[ -z $_mc_fits ]] || _mc_mark
  _mc_found=$_mc_program
}

# Gives the container what it is found by: a name, and whose it is.
_mc_mark() {
  local born=""
  _mc_session=mcpconf-$_mc_server-$$-$RANDOM$RANDOM
  _mc_marks=(--name "$_mc_session" --label "mcpconf.session=$_mc_session")
  _mc_locate_us
  _mc_birth $$ && born=$_mc_born
  [[ -z $_mc_realm || -z $born ]] || _mc_marks=("${_mc_marks[@]}" --label "mcpconf.owner=$_mc_realm/$$/$born")
  _mc_argv=("${_mc_argv[0]}" "${_mc_argv[1]}" "${_mc_marks[@]}" "${_mc_argv[@]:2}")
}

# Sets _mc_realm to what tells numbers of processes from those of other machines and containers, and is the same in
# mcpconf/broker/upstream/owner.py. Empty where that can't be told.
_mc_locate_us() {
  local boot=""
  _mc_realm=""
  if [[ $OSTYPE == darwin* ]]; then
    _mc_realm=${HOSTNAME-}/-
  elif { IFS= read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null && [[ -n $boot ]] && _mc_birth 1; then
    _mc_realm=$boot/$_mc_born
  fi
}

# PID: sets _mc_born to what tells the process from a later one of that number; fails where there is none that lives.
_mc_birth() {
  local line=""
  _mc_born=-
  if [[ $OSTYPE == darwin* ]]; then
    _mc_search ps "$PATH" && "$_mc_found" -p "$1" >/dev/null 2>&1
    return
  fi
  { IFS= read -r -d '' line <"/proc/$1/stat"; } 2>/dev/null
  # shellcheck disable=SC2086  # words they are
  set -- ${line##*) }
  _mc_born=${20-}
  [[ -n $_mc_born && $1 != [ZX] ]]
}

# Posts a guard, which ends the container when its client has ended, however that went: 4 closes with it. The guard
# is nobody's child, that the engine's client need not bury it.
_mc_watch() {
  _mc_parent=""
  _mc_birth "$PPID" && _mc_parent=$_mc_born
  exec 6<&0
  exec 4> >(_mc_post)
  _mc_prober=$!
  exec 6<&-
  [[ ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} -lt 44 ]] || wait "$_mc_prober" 2>/dev/null
}

_mc_post() {
  exec 4>&- >/dev/null 2>&1
  set -m # a process group of its own: what ends the client's group leaves it
  (set +m && _mc_stand_guard) <&0 &
}

# Who killed our client may have killed the container's, too, or only closed its stdin, which not every server heeds.
_mc_stand_guard() {
  local found pause gone=0 swept=""
  trap '' HUP INT TERM
  while [[ $gone -lt 2 ]] && ! _mc_client_ended; do
    [[ -n $swept ]] || _mc_sweep
    swept=yes
    gone=$((gone + 1))
    [[ -n $_mc_parent ]] && read -r -t 0 -u 6 && ! { _mc_birth "$PPID" && [[ $_mc_born == "$_mc_parent" ]]; } || gone=0
  done
  exec 6<&-
  # Again and again: it may have been killed while the engine was about to make the container.
  for pause in 1 1 3; do
    _mc_search sleep "$PATH" && "$_mc_found" "$pause"
    found=$("$_mc_program" ps -aq --filter "label=mcpconf.session=$_mc_session")
    # shellcheck disable=SC2086  # words they are
    [[ -z $found ]] || "$_mc_program" rm -f $found
  done
}

# Waits for two seconds. bash 3.2 does not tell the end from the lack of time, and waits for the end alone.
_mc_client_ended() {
  if [[ ${BASH_VERSINFO[0]} -lt 4 ]]; then
    IFS= read -r _
    return 0
  fi
  IFS= read -r -t 2 _
  [[ $? -le 128 ]]
}

# Removes containers whose owner, of this place, is gone, and who have no guard any more.
_mc_sweep() {
  local found number owner pid
  found=$("$_mc_program" ps -aq --no-trunc --filter label=mcpconf.owner)
  [[ -n $_mc_realm && -n $found ]] || return
  while IFS=' ' read -r number owner; do
    pid=${owner#"$_mc_realm/"}
    [[ $pid == */* && $pid != "$owner" && ${pid%%/*} != *[!0-9]* ]] || continue
    if ! { _mc_birth "${pid%%/*}" && [[ $_mc_born == "${pid#*/}" ]]; }; then "$_mc_program" rm -f "$number"; fi
  done < <(
    # shellcheck disable=SC2086  # words they are
    "$_mc_program" inspect --format '{{.Id}} {{index .Config.Labels "mcpconf.owner"}}' $found
  )
}

# --- MCP in bash: what a message holds; answers where nothing starts; --list and --call

# JSON: sets _mc_json_kind to what it is (object, array, other, bad) and, for the first two, _mc_vals to its members as
# they are written and _mc_keys to their names, without quotes. That is one level, found by its strings and brackets, so
# that nothing further in is taken for it; values are not checked. The time goes with the length, not with its square:
# the text is split at its quotes and looked at piece by piece.
_mc_members() {
  local text=$1 IFS='"' part parts string="" at=0 start=0 stack="" key="" named=0 colon=""
  _mc_json_kind=other _mc_keys=() _mc_vals=()
  set -f
  # shellcheck disable=SC2206  # split it shall be; the blank keeps an empty piece at the end
  parts=($text" ")
  set +f
  for part in "${parts[@]}"; do
    if [[ -n $string ]]; then
      # One backslash at the end is common, and more of them have to be counted.
      if [[ $part == *[!\\]\\ || $part == \\ ]] || { [[ $part == *\\ ]] && _mc_ends_escaped "$part"; }; then
        part=$part\" at=$((at - 1))
      else
        string=""
      fi
      if [[ ${#stack} == 1 && -z $colon ]]; then key=$key$part; fi
      if [[ -z $string ]]; then named=$((named + 1)); fi
    else
      string=yes
      if [[ ${#stack} -lt 2 || $part == *[][{}]* ]]; then _mc_between_strings "$part" "$at"; fi
      if [[ $_mc_json_kind == bad ]]; then return; fi
    fi
    at=$((at + ${#part} + 1))
  done
  if [[ -n $stack || -z $string || ($_mc_json_kind != other && $named != 0) ]]; then _mc_json_kind=bad; fi
  return 0
}

# TEXT: whether an odd number of backslashes ends it.
_mc_ends_escaped() {
  local text=$1 run
  while :; do
    run=${text:${#text} > 512 ? ${#text} - 512 : 0}
    run=${run##*[!\\]}
    if [[ ${#run} -lt 512 ]]; then return $((1 - ${#run} % 2)); fi
    text=${text:0:${#text}-512}
  done
}

# PART AT: what stands between two strings of the text of _mc_members, whose variables these functions share.
_mc_between_strings() {
  local IFS=, at=$(($2 - 1)) word words comma=""
  set -f
  # shellcheck disable=SC2206
  words=($1" ")
  set +f
  for word in "${words[@]}"; do
    if [[ ${#stack} -gt 1 && $word != *[][{}]* ]]; then
      at=$((at + 1 + ${#word})) comma=yes
      continue
    fi
    if [[ -n $comma && ${#stack} == 1 ]]; then
      _mc_end_member ,
      start=$((at + 1)) key="" named=0 colon=""
    fi
    at=$((at + 1)) comma=yes
    # Nobody writes so many brackets without a comma, and each of them costs as much as the word is long.
    if [[ ${#word} -gt 4096 && $word == *[][{}:]* ]]; then _mc_json_kind=bad; fi
    _mc_brackets
    if [[ -z $stack && $_mc_json_kind != other && $word == *[![:space:]]* ]]; then _mc_json_kind=bad; fi
    if [[ $_mc_json_kind == bad ]]; then return; fi
    at=$((at + ${#word}))
  done
}

# Takes the brackets and colons out of word, up to what follows the last of them.
_mc_brackets() {
  local lead sign
  while [[ $_mc_json_kind != bad && $word == *[][{}:]* ]]; do
    lead=${word%%[][{\}:]*}
    sign=${word:${#lead}:1}
    word=${word:${#lead}+1}
    at=$((at + ${#lead}))
    case ${#stack}$sign in
      0[\{[]) _mc_json_opens "$lead" "$sign" ;;
      1:) _mc_json_colon ;;
      1[\}\]]) _mc_end_member "$sign" && named=0 key="" ;;
    esac
    at=$((at + 1))
    case $sign in
      [\{[]) if [[ ${#stack} -lt 512 ]]; then stack=$stack$sign; else _mc_json_kind=bad; fi ;;
      [\}\]])
        case $stack$sign in *"{}" | *"[]") ;; *) _mc_json_kind=bad ;; esac
        stack=${stack%?}
        ;;
    esac
  done
}

_mc_json_opens() { # LEAD SIGN
  if [[ $_mc_json_kind != other || $1 == *[![:space:]]* || $named != 0 ]]; then
    _mc_json_kind=bad
  else
    _mc_json_kind=array start=$((at + 1))
    if [[ $2 == \{ ]]; then _mc_json_kind=object; fi
  fi
}

_mc_json_colon() {
  if [[ $_mc_json_kind != object || -n $colon || $named != 1 ]]; then _mc_json_kind=bad; fi
  colon=yes start=$((at + 1))
}

# END: the member that ends here, by a comma or a bracket.
_mc_end_member() {
  local value=${text:start:at-start} count=${#_mc_vals[@]}
  value=${value#"${value%%[![:space:]]*}"}
  # What is longer is no number, and nobody minds a blank behind the rest.
  while [[ ${#value} -lt 4096 && $value == *[[:space:]] ]]; do value=${value%?}; done
  if [[ -z $value || ($_mc_json_kind == object && -z $colon) ]]; then
    if [[ $1 == , || $count != 0 || -n $value || $named != 0 ]]; then _mc_json_kind=bad; fi
  else
    _mc_vals[count]=$value _mc_keys[count]=$key
  fi
  return 0
}

# NAME: sets _mc_it to the value of that member; the last one counts, as everywhere. Fails where there is none.
_mc_member() {
  local i key
  for ((i = ${#_mc_keys[@]} - 1; i >= 0; i--)); do
    key=${_mc_keys[i]}
    if [[ $key == *\\* ]]; then _mc_decode "\"$key\"" && key=$_mc_text; fi
    if [[ $key == "$1" ]]; then
      _mc_it=${_mc_vals[i]}
      return 0
    fi
  done
  _mc_it=""
  return 1
}

# STRING: sets _mc_text to what a JSON string means, in UTF-8. What has no place in text (NUL, half a surrogate pair)
# becomes U+FFFD.
_mc_decode() {
  # shellcheck disable=SC2141  # a backslash it shall be
  local IFS=\\ piece pieces out count=0 literal=yes high=""
  _mc_text=${1#\"}
  _mc_text=${_mc_text%\"}
  if [[ $_mc_text != *\\* ]]; then return; fi
  out=()
  set -f
  # shellcheck disable=SC2206
  pieces=($_mc_text" ")
  set +f
  for piece in "${pieces[@]}"; do
    if [[ -n $high && $piece != u[dD][c-fC-F]??* ]]; then out[count++]=$_mc_unknown high=""; fi
    case $literal$piece in
      yes*) literal="" out[count++]=$piece ;;
      n*) out[count++]=$'\n'${piece#n} ;;
      [\"/]*) out[count++]=$piece ;;
      "") out[count++]=\\ literal=yes ;; # the backslash that follows has split the text, too
      *) _mc_unescape ;;
    esac
  done
  printf -v _mc_text %s "${out[@]}"
  _mc_text=${_mc_text%?}
}

_mc_unknown=$'\xef\xbf\xbd' # U+FFFD
_mc_newline=$'\n'

# Takes the escape out of piece, which begins behind its backslash; the variables are those of _mc_decode.
_mc_unescape() {
  local sign=${piece:0:1}
  case $sign in
    t) out[count++]=$'\t' ;;
    r) out[count++]=$'\r' ;;
    b) out[count++]=$'\b' ;;
    f) out[count++]=$'\f' ;;
    u)
      if [[ ${piece:1:4} == [0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F] ]]; then
        _mc_code_unit $((16#${piece:1:4}))
        piece=${piece:4}
      fi
      ;;
  esac
  out[count++]=${piece:1}
}

_mc_code_unit() { # NUMBER
  local code=$1
  if ((code >= 0xd800 && code < 0xdc00)) && [[ ${#piece} == 5 ]]; then
    high=$code
    return
  fi
  if [[ -n $high ]]; then code=$((0x10000 + (high - 0xd800) * 1024 + code - 0xdc00)) high=""; fi
  _mc_utf8 "$code"
  out[count++]=$_mc_char
}

_mc_utf8() { # NUMBER: sets _mc_char
  if (($1 == 0 || $1 >= 0xd800 && $1 < 0xe000)); then
    _mc_char=$_mc_unknown
  elif (($1 < 0x80)); then
    printf -v _mc_char '\\0%o' "$1"
  elif (($1 < 0x800)); then
    printf -v _mc_char '\\0%o\\0%o' $((0xc0 | $1 >> 6)) $((0x80 | $1 & 63))
  elif (($1 < 0x10000)); then
    printf -v _mc_char '\\0%o\\0%o\\0%o' $((0xe0 | $1 >> 12)) $((0x80 | $1 >> 6 & 63)) $((0x80 | $1 & 63))
  else
    printf -v _mc_char '\\0%o\\0%o\\0%o\\0%o' $((0xf0 | $1 >> 18)) $((0x80 | $1 >> 12 & 63)) \
      $((0x80 | $1 >> 6 & 63)) $((0x80 | $1 & 63))
  fi
  printf -v _mc_char %b "$_mc_char"
}

# TEXT: sets _mc_quoted to a JSON string of it. A byte that is no UTF-8 becomes U+FFFD.
_mc_quote() {
  local i sign code more
  _mc_quoted=""
  for ((i = 0; i < ${#1}; i++)); do
    sign=${1:i:1}
    printf -v code %d "'$sign"
    code=$((code & 255)) more=0
    if ((code >= 0xc2 && code < 0xf5)); then more=$((1 + (code >= 0xe0) + (code >= 0xf0))); fi
    case $sign in
      [\"\\]) sign=\\$sign ;;
      *) if ((code < 32 || code == 127)); then printf -v sign '\\u%04x' "$code"; fi ;;
    esac
    if ((code >= 0x80)); then
      case ${1:i+1:more} in
        "" | *[!$'\x80'-$'\xbf']*) sign=$_mc_unknown ;;
        *) sign=${1:i:1+more} i=$((i + more)) ;;
      esac
    fi
    _mc_quoted=$_mc_quoted$sign
  done
  _mc_quoted=\"$_mc_quoted\"
}

# TEXT MEND: where nothing starts the server. Stays, as a server would, and answers each request with these words, until
# stdin ends or a signal ends us; Claude shows the words of an error, and of a program that ended only that it failed.
# shellcheck disable=SC2317  # called where nothing starts
_mc_answer_all() {
  local line
  [[ -z ${_mc_verb-} ]] || exit 127 # nobody asks here: a person or a script reads stderr
  _mc_quote "mcpconf: $_mc_server: $1; mend it with: $2"
  _mc_answer_error="{\"code\":-32603,\"message\":$_mc_quoted,\"data\":{\"mcpconf\":\"not started\"}}"
  trap : PIPE
  while IFS= read -r line || [[ -n $line ]]; do
    _mc_answer_line "$line"
    [[ -z $_mc_reply ]] || { printf '%s\n' "$_mc_reply" || exit 0; } 2>/dev/null
  done
  exit 0
}

# shellcheck disable=SC2317  # called where nothing starts
_mc_refusal() { # CODE TEXT: sets _mc_reply to the answer to what is no request
  _mc_reply="{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":$1,\"message\":\"$2\"}}"
}

# LINE: sets _mc_reply to the answer, which is empty for what gets none.
# shellcheck disable=SC2317  # called where nothing starts
_mc_answer_line() {
  local one replies="" batch
  _mc_reply=""
  if [[ $1 != *[![:space:]]* ]]; then return; fi
  if [[ ${#1} -gt $_mc_longest ]]; then
    _mc_refusal -32600 "too long"
    return
  fi
  _mc_members "$1"
  case $_mc_json_kind in
    bad | other) _mc_refusal -32700 "Parse error" ;;
    object) _mc_answer_message ;;
    array)
      if [[ ${#_mc_vals[@]} == 0 ]]; then
        _mc_refusal -32600 "Invalid Request"
        return
      fi
      batch=("${_mc_vals[@]}")
      for one in "${batch[@]}"; do
        _mc_reply=""
        _mc_members "$one"
        if [[ $_mc_json_kind == object ]]; then _mc_answer_message; else _mc_refusal -32600 "Invalid Request"; fi
        if [[ -n $_mc_reply ]]; then replies=${replies:+$replies,}$_mc_reply; fi
      done
      _mc_reply=${replies:+[$replies]}
      ;;
  esac
}

_mc_longest=8388608 # bytes of a line that is looked into
_mc_json_number='^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$'
_mc_json_string='^"([^"\\[:cntrl:]]|\\(["\\/bfnrt]|u[0-9a-fA-F]{4}))*"$'

# Sets _mc_reply for the one message whose members were found. A notification gets no answer, and nor does an answer.
# shellcheck disable=SC2317  # called where nothing starts
_mc_answer_message() {
  local id
  _mc_member id || return 0
  id=$_mc_it
  if ! _mc_member method; then
    if ! _mc_member result && ! _mc_member error; then _mc_refusal -32600 "Invalid Request"; fi
    return 0
  fi
  if [[ ${#id} -le 4096 && ($id == null || $id =~ $_mc_json_number || $id =~ $_mc_json_string) ]]; then
    _mc_reply="{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":$_mc_answer_error}"
  else
    _mc_refusal -32600 "Invalid Request"
  fi
}

# ARG...: does what --list, --call or --help ask for, and exits. Without any it comes back: this is a client's start.
_mc_from_the_shell() {
  [[ $# -gt 0 ]] || return 0
  _mc_read_arguments "$@"
  _mc_locate
  _mc_read
  _mc_start_server
  _mc_introduce
  if [[ $_mc_verb == list ]]; then _mc_list_tools; else _mc_call_tool; fi
}

_mc_help() {
  local name=${0##*/}
  printf '%s\n' \
    "Starts an MCP server for a client, which is what $name does without arguments, or asks it itself:" "" \
    "  $name --list                 the server's tools: name, arguments ([optional]), what it does" \
    "  $name --call TOOL ['{...}']  call one, with a JSON object of arguments; - reads it from stdin" \
    "  $name --json ...             either, with the server's answers as they came" \
    "  $name --help                 this" "" \
    "These options are the link's, not the server's: it gets the arguments of its profile, and none of these." \
    "Each use starts the server and ends it again, unless a broker keeps it." \
    "MCPCONF_TIMEOUT=SECONDS (60) bounds all of it, MCPCONF_VERBOSE=1 shows what the server says on stderr." \
    "Exit code: 0; 1 where the tool or the server fails; 2 for wrong usage; 127 where it can't be started."
}

_mc_wrong_usage() { # TEXT
  _mc_say "$1; ${0##*/} --help says more"
  exit 2
}

# Sets _mc_verb, _mc_tool, _mc_input (a JSON object) and _mc_raw.
_mc_read_arguments() {
  _mc_verb="" _mc_raw="" _mc_time_limit=${MCPCONF_TIMEOUT:-60}
  local words=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --help | -h) _mc_help && exit ;;
      --json) _mc_raw=yes ;;
      --list | --call)
        if [[ -n $_mc_verb ]]; then _mc_wrong_usage "--list or --call, once"; fi
        _mc_verb=${1#--}
        ;;
      -?*) _mc_wrong_usage "there is no option $1" ;;
      *) words[${#words[@]}]=$1 ;;
    esac
    shift
  done
  case $_mc_verb${#words[@]} in
    list0 | call1 | call2) ;;
    call*) _mc_wrong_usage "--call takes a tool's name and a JSON object of its arguments, in one word" ;;
    list*) _mc_wrong_usage "--list takes no name" ;;
    *) _mc_wrong_usage "it takes --list, --call or no arguments at all" ;;
  esac
  case $_mc_time_limit in
    [1-9]*) ;;
    *) _mc_time_limit=x ;;
  esac
  if [[ ${#_mc_time_limit} -gt 6 || $_mc_time_limit == *[!0-9]* ]]; then
    _mc_wrong_usage "MCPCONF_TIMEOUT is a number of whole seconds"
  fi
  _mc_tool=${words[0]-}
  _mc_take_input "${words[1]-}"
}

_mc_take_input() { # JSON, or - for what comes on stdin
  _mc_input=${1:-\{\}}
  if [[ $_mc_input == - ]]; then
    _mc_input=""
    IFS= read -r -d '' _mc_input
  fi
  _mc_input=${_mc_input//[$'\r\n']/ } # a message is one line
  _mc_members "$_mc_input"
  [[ $_mc_json_kind == object ]] || _mc_wrong_usage "the arguments are no JSON object, such as '{\"path\": \"/tmp\"}'"
}

# Opens a pipe, both of whose ends are ours, as 3; sets _mc_ends to where either end can be opened alone.
_mc_pipe() {
  _mc_fifo=""
  _mc_ends=/proc/self/fd/3
  if { exec 3<> <(:); } 2>/dev/null && [[ -p $_mc_ends ]]; then return; fi
  _mc_named_pipe
}

# Where the system has no such place (macOS) a pipe needs a name for a moment, and two programs.
_mc_named_pipe() {
  local path="$PATH:/usr/bin:/bin"
  _mc_fifo=${TMPDIR:-/tmp}/mcp-$$-$RANDOM$RANDOM
  _mc_search rm "$path" && _mc_rm=$_mc_found
  if ! _mc_search mkfifo "$path" || ! "$_mc_found" -m 600 "$_mc_fifo" || ! exec 3<>"$_mc_fifo"; then
    _mc_die "can't make a pipe in ${TMPDIR:-/tmp}" "TMPDIR=DIR, of a directory that can be written"
  fi
  _mc_ends=$_mc_fifo
}

_mc_pipe_made() { [[ -z $_mc_fifo ]] || "$_mc_rm" -f "$_mc_fifo"; }

# Starts the server as a client would: this file once more, by whatever way it picks. 5 and 7 are its stdout and stdin,
# 9 brings word of its end, 4 tells its guard of ours. Two processes besides this one: the guard, which ends the server
# and all of its group even where we are killed, and one that keeps its last words.
_mc_start_server() {
  trap : PIPE # as ours alone: an ignored signal would be the server's, too
  _mc_deadline=$((SECONDS + _mc_time_limit)) _mc_asked_id=0 _mc_modern=""
  # shellcheck disable=SC2094  # that is what a pipe is for
  _mc_pipe && exec 6<"$_mc_ends" 7>"$_mc_ends" && _mc_pipe_made
  # shellcheck disable=SC2094
  _mc_pipe && exec 5<"$_mc_ends" 8>"$_mc_ends" && _mc_pipe_made
  _mc_pipe && exec 9<>"$_mc_ends" && _mc_pipe_made
  _mc_pipe && _mc_pipe_made # 3 stays: where nothing ever comes, one can wait
  exec 4> >(_mc_guard)
  exec 6<&- 8>&-
}

# stdin ends when the one that asks has gone, whatever became of it.
_mc_guard() {
  local server group
  exec 4>&- 5<&- 7>&- >/dev/null
  trap '' HUP INT TERM # which ends the one that asks
  [[ -n ${MCPCONF_VERBOSE-} ]] || exec 2> >(exec 3<&- 6<&- 8>&- && _mc_keep_words)
  { set -m; } 2>/dev/null # a process group of its own; with a terminal there, bash would want it
  (set +m && trap - HUP INT PIPE TERM && _mc_locale_back && exec "$BASH" "$_mc_link" <&6 >&8 3<&- 6<&- 8>&- 9>&-) &
  server=$! group=-$!
  kill -0 "$group" 2>/dev/null || group=$server
  exec 2>/dev/null 6<&- 8>&-
  IFS= read -r -t $((_mc_time_limit + 2)) _
  # It has read the end of its stdin, and has two seconds, as MCP says; then it is asked, and then it is not.
  _mc_is_gone "$group" || { kill -TERM "$group" && _mc_is_gone "$group"; } || kill -KILL "$group"
  wait "$server"
  printf 'end %d\n' $? >&9
}

_mc_is_gone() { # GROUP: whether it ends within two seconds
  local tries=70 moment=.02
  if [[ ${BASH_VERSINFO[0]} -lt 4 ]]; then tries=2 moment=1; fi
  for (( ; tries > 0; tries--)); do
    kill -0 "$1" || return 0
    IFS= read -r -t "$moment" -u 3
  done
  ! kill -0 "$1"
}

# Keeps the last lines of stdin, and hands them over when it has ended.
_mc_keep_words() {
  local line lines count=0 i
  lines=()
  while IFS= read -r line || [[ -n $line ]]; do
    lines[count++ % 20]=${line:0:500}
  done
  for ((i = count > 20 ? count - 20 : 0; i < count; i++)); do printf ': %s\n' "${lines[i % 20]}"; done >&9
  printf 'said\n' >&9
}

# Ends the server; sets _mc_code to its exit code and _mc_words to its last words, where these are wanted.
_mc_end_server() { # [words]
  local line heard="" said=""
  _mc_code="" _mc_words=""
  if [[ -z ${1-} || -n ${MCPCONF_VERBOSE-} ]]; then said=unwanted; fi
  exec 4>&- 7>&-
  while [[ -z $_mc_code || -z $said ]] && IFS= read -r -t 10 -u 9 line; do
    case $line in
      ": "*) heard=$heard${line#: }$'\n' ;;
      "end "*) _mc_code=${line#end } ;;
      said) said=${said:-yes} ;;
    esac
  done
  if [[ $said == yes ]]; then _mc_words=$heard; fi
}

# METHOD PARAMS: asks, and waits for the answer. Sets _mc_answer_result, and _mc_answer_error where that was the answer.
_mc_ask_server() {
  _mc_asked_id=$((_mc_asked_id + 1))
  _mc_send_server "{\"jsonrpc\":\"2.0\",\"id\":$_mc_asked_id,\"method\":\"$1\",\"params\":$2}"
  while :; do
    _mc_hear_server
    _mc_members "$_mc_line"
    if [[ $_mc_json_kind != object ]]; then continue; fi
    if _mc_member method; then
      _mc_be_polite
    elif _mc_member id && [[ $_mc_it == "$_mc_asked_id" || $_mc_it == null ]]; then
      _mc_answer_result="" _mc_answer_error=""
      _mc_member error && _mc_answer_error=$_mc_it && return
      _mc_member result && _mc_answer_result=$_mc_it && return
    fi
  done
}

_mc_send_server() { # LINE
  { printf '%s\n' "$1" >&7; } 2>/dev/null || _mc_fail_server
}

# Sets _mc_line to the server's next one. In bash 3.2 the clock alone tells that the time was up.
_mc_hear_server() {
  local left=$((_mc_deadline - SECONDS))
  if [[ $left -gt 0 ]]; then
    IFS= read -r -t "$left" -u 5 _mc_line && return
    if [[ $? -le 128 && $SECONDS -lt $_mc_deadline ]]; then _mc_fail_server; fi
  fi
  _mc_fail_late
}

_mc_fail_late() { _mc_fail "it took longer than $_mc_time_limit s; MCPCONF_TIMEOUT=SECONDS gives it more" words; }

# What the server asks of its client, which has nothing to offer; the members found are those of the message.
_mc_be_polite() {
  local method=$_mc_it id
  _mc_member id || return 0
  id=$_mc_it
  case $method in
    '"ping"') _mc_send_server "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{}}" ;;
    '"roots/list"') _mc_send_server "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"roots\":[]}}" ;;
    *) _mc_send_server "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"not offered\"}}" ;;
  esac
}

_mc_fail() { # TEXT [words]
  _mc_end_server "${2-}"
  [[ -z $_mc_words ]] || _mc_show "${_mc_words%"$_mc_newline"}" >&2
  _mc_say "$1"
  exit 1
}

# The server has gone before it answered; where nothing could be started, what was said of that is all there is to say.
_mc_fail_server() {
  if [[ $SECONDS -ge $_mc_deadline ]]; then _mc_fail_late; fi
  _mc_end_server words
  [[ -z $_mc_words ]] || _mc_show "${_mc_words%"$_mc_newline"}" >&2
  case $_mc_code in 126 | 127) exit 127 ;; esac
  _mc_say "it ended, with exit code ${_mc_code:-unknown}, before it answered"
  exit 1
}

# What _mc_answer_error says, after these words.
_mc_fail_by_answer() { # TEXT [words]
  local said=$_mc_answer_error code=""
  _mc_members "$said"
  if _mc_member message; then
    _mc_decode "$_mc_it"
    said=$_mc_text
  fi
  if _mc_member code; then code=" ($_mc_it)"; fi
  if _mc_member data && _mc_members "$_mc_it" && _mc_member mcpconf && [[ $_mc_it == '"not started"' ]]; then
    _mc_end_server
    printf '%s\n' "${said//[[:cntrl:]]/?}" >&2
    exit 127
  fi
  _mc_fail "$1: $said$code" "${2-}"
}

_mc_client='"clientInfo":{"name":"mcpconf-wrapper","version":"1"}'
_mc_meta='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/'${_mc_client#\"}
_mc_meta=$_mc_meta',"io.modelcontextprotocol/clientCapabilities":{}}'

# A server that refuses `initialize`, for whatever reason it gives, may be one that knows 2026-07-28 alone.
_mc_introduce() {
  local refusal
  _mc_ask_server initialize "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},$_mc_client}"
  if [[ -z $_mc_answer_error ]]; then
    _mc_send_server '{"jsonrpc":"2.0","method":"notifications/initialized"}'
    return
  fi
  refusal=$_mc_answer_error
  _mc_modern=yes
  _mc_ask_server server/discover "{$_mc_meta}"
  if [[ -n $_mc_answer_error ]]; then
    _mc_answer_error=$refusal
    _mc_fail_by_answer "it refused initialize" words
  fi
}

_mc_request() { # METHOD [MEMBERS]: asks it in the server's era; an error ends us
  local members=${2-}
  if [[ -n $_mc_modern ]]; then members=${members:+$members,}$_mc_meta; fi
  _mc_ask_server "$1" "{$members}"
  [[ -z $_mc_answer_error ]] || _mc_fail_by_answer "it refused $1"
  _mc_members "$_mc_answer_result"
  if _mc_member resultType && [[ $_mc_it == '"input_required"' ]]; then
    _mc_fail "the tool asks for input, which only a client can give"
  fi
}

_mc_list_tools() {
  local page cursor="" more=""
  for ((page = 0; page < 100; page++)); do
    _mc_request tools/list "$cursor"
    cursor=""
    if _mc_member nextCursor && [[ $_mc_it == \"* ]]; then cursor="\"cursor\":$_mc_it"; fi
    if [[ -n $_mc_raw ]]; then
      _mc_show "$_mc_answer_result"
    else
      _mc_member tools || _mc_fail "its answer to tools/list names no tools"
      _mc_members "$_mc_it"
      _mc_show_tools
    fi
    if [[ -z $cursor ]]; then break; fi
  done
  _mc_end_server
  exit 0
}

_mc_show_tools() {
  local tools tool line text required
  tools=("${_mc_vals[@]}")
  for tool in "${tools[@]}"; do
    _mc_members "$tool"
    _mc_member name || continue
    _mc_decode "$_mc_it"
    line=${_mc_text//[[:cntrl:]]/?} text=""
    if _mc_member description; then
      _mc_decode "$_mc_it"
      text=${_mc_text#"${_mc_text%%[![:space:]]*}"}
      text=${text%%[$'\r\n']*}
    fi
    _mc_member inputSchema && _mc_add_arguments "$_mc_it"
    _mc_show "$line${text:+ - ${text//[[:cntrl:]]/ }}"
  done
}

# SCHEMA: adds the names of a tool's arguments to line, those that may be left out in brackets.
_mc_add_arguments() {
  local required=" " names name one
  _mc_members "$1"
  if _mc_member required; then
    one=$1
    _mc_members "$_mc_it"
    for name in "${_mc_vals[@]}"; do
      _mc_decode "$name"
      required=$required$_mc_text$'\n '
    done
    _mc_members "$one"
  fi
  _mc_member properties || return 0
  _mc_members "$_mc_it"
  names=("${_mc_keys[@]}")
  for name in "${names[@]}"; do
    _mc_decode "\"$name\""
    one=${_mc_text//[[:cntrl:]]/?}
    if [[ $required == *" $_mc_text"$'\n '* ]]; then line="$line $one"; else line="$line [$one]"; fi
  done
}

_mc_call_tool() {
  local failed=""
  _mc_quote "$_mc_tool"
  _mc_request tools/call "\"name\":$_mc_quoted,\"arguments\":$_mc_input"
  if _mc_member isError && [[ $_mc_it == true ]]; then failed=yes; fi
  if [[ -n $_mc_raw ]]; then
    _mc_show "$_mc_answer_result"
  elif [[ -n $failed ]]; then
    _mc_show_result >&2
  else
    _mc_show_result
  fi
  _mc_end_server
  exit $((${#failed} > 0))
}

# Shows the result whose members were found: text as text, other content as it is written.
_mc_show_result() {
  local part parts structured="" text=""
  if _mc_member structuredContent; then structured=$_mc_it; fi
  parts=()
  if _mc_member content; then
    _mc_members "$_mc_it"
    parts=("${_mc_vals[@]}")
  fi
  for part in "${parts[@]}"; do
    _mc_members "$part"
    if _mc_member type && [[ $_mc_it == '"text"' ]] && _mc_member text; then
      _mc_decode "$_mc_it"
      text=yes
      _mc_show "${_mc_text%"$_mc_newline"}"
    else
      _mc_show "$part"
    fi
  done
  if [[ -z $text && -n $structured ]]; then _mc_show "$structured"; fi
}

# TEXT: shows it on stdout. A terminal would obey what is in it: it gets a question mark for each control character but
# line ends and tabs, those of two bytes (U+0080 to U+009F) included. Piece by piece, which is quicker with a long text.
_mc_show() {
  local i=0 piece
  if [[ ! -t 1 ]]; then
    { printf '%s\n' "$1"; } 2>/dev/null
    return
  fi
  while [[ $i -lt ${#1} ]]; do
    piece=${1:i:4096}
    i=$((i + 4096))
    while [[ $i -lt ${#1} && $piece == *[$'\r\xc2'] ]]; do
      piece=$piece${1:i:1}
      i=$((i + 1))
    done
    piece=${piece//$'\r\n'/$'\n'}
    piece=${piece//$'\xc2'[$'\x80'-$'\x9f']/?}
    piece=${piece//[!$'\n\t'$'\x20'-$'\x7e'$'\x80'-$'\xff']/?}
    printf %s "$piece"
  done
  printf '\n'
}

_mc_bytes
# Read by a test for its functions, it does nothing.
[[ ${BASH_SOURCE[0]} == "$0" ]] || return 0
if [[ ${1-} == --fail && $# -eq 4 ]]; then
  _mc_server=$4
  _mc_die "$2" "$3"
fi
[[ $_mc_argument == --after ]] || _mc_from_the_shell "$@"
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
