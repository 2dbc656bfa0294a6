#!/usr/bin/env bash
# mcpconf's shim, the bash form: joins one MCP client to the broker where there is no Python for the real one.
#
#   bash mcpconf-shim.bash SERVER
#
# To a broker on this machine it is `exec socat` to the server's own socket. To a broker behind TCP it proves its key,
# has the broker prove the same one, and only then has two `cat` carry the messages. `shim.conf` beside this file says
# where the sockets are (`directory=DIR`) and how to start a broker (`start=WORD` for each word); MCPCONF_BROKER
# (`unix:/path/broker.sock`, `tcp:HOST:PORT`), MCPCONF_BROKER_KEY (a key file) and MCPCONF_BROKER_START=0 (never start
# one) come before it.
#
# It promises less than the Python form:
# - When the broker goes, so does it, within a second, and what was in flight is not answered: no reconnecting.
# - Where no broker can be had it says so on stderr and exits with 1, instead of answering with errors.
# - It names no project, so that a server with `cwd = "project"` has to do without.
# - socat: an answer that comes later than 0.9 s after the client has closed stdin is lost. A longer time would leave
#   socat standing as long after the broker's end.
# - TCP: bash can't half-close a socket, so a message tells the broker that stdin has ended. If this script is killed
#   with SIGKILL its two `cat` stay until the client closes stdin. A first SIGINT or SIGTERM that comes in the
#   microseconds before bash waits is lost to bash, as a second one is not.
#
# Syntax of bash 3.2; no program but socat, cat, sleep and the broker's start command; nothing is evaluated.

# SHELLOPTS and BASHOPTS come with the environment, and so do functions: what is used here shall mean what it says.
set +euvx +o posix
unset -f cat cd exec exit kill local printf read return shift sleep socat trap type unset wait
shopt -u nocasematch extdebug

_mc_linger=0.9         # seconds: socat's, see above
_mc_start_patience=50  # tenths of a second
_mc_tcp_patience=5     # seconds for each line of the handshake
_mc_end='{"jsonrpc":"2.0","method":"notifications/mcpconf/end_of_input"}'

_mc_say() { # TEXT MEND
  local line="$1; mend it with: $2"
  printf 'mcpconf: %s: %s\n' "$_mc_server" "${line//[[:cntrl:]]/?}" >&2
}

_mc_die() { # TEXT MEND
  _mc_say "$1" "$2"
  exit 1
}

# --- where the broker is

_mc_read_conf() {
  local line
  _mc_directory=""
  _mc_start=()
  [[ -r $_mc_beside/shim.conf ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    case $line in
      directory=*) _mc_directory=${line#*=} ;;
      start=*) _mc_start[${#_mc_start[@]}]=${line#*=} ;;
    esac
  done <"$_mc_beside/shim.conf"
}

# Whether a broker may and can be started from here: a container that mounts the host's files has not its programs.
_mc_may_start() {
  [[ ${MCPCONF_BROKER_START-} != 0 && ${#_mc_start[@]} -gt 0 && -x ${_mc_start[0]} ]]
}

# Whether the broker that wrote broker.json is there still, as far as a file can tell: one of another host is believed
# to be. A wrong "no" costs the start command, which finds the broker; a wrong "yes" needs another process of that id.
_mc_is_alive() {
  local state="" pid="" words="" word
  { IFS= read -r -d '' state <"$_mc_directory/broker.json"; } 2>/dev/null
  if [[ $state =~ \"host\":\ *\"([^\"]*)\" && ${BASH_REMATCH[1]} != "$HOSTNAME" ]]; then return 0; fi
  if [[ $state =~ \"pid\":\ *([0-9]+) ]]; then pid=${BASH_REMATCH[1]}; fi
  [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null || return 1
  [[ -r /proc/$pid/cmdline ]] || return 0
  while IFS= read -r -d '' word; do words="$words $word"; done <"/proc/$pid/cmdline"
  [[ $words == *broker* ]]
}

_mc_start_broker() {
  local tries
  if ! _mc_may_start; then
    [[ ! -S $_mc_directory/broker.sock ]] || _mc_no_server
    _mc_die "no broker listens in $_mc_directory" "mcpconf broker start"
  fi
  # Its stdout is not ours, which is the client's; the broker gets the locale that we were started with.
  (_mc_locale_back && exec "${_mc_start[@]}") </dev/null >/dev/null ||
    _mc_die "the broker did not start" "mcpconf broker start"
  for ((tries = 0; tries < _mc_start_patience; tries++)); do
    [[ ! -S $_mc_socket ]] || return 0
    sleep 0.1 2>/dev/null || sleep 1
  done
  _mc_no_server
}

_mc_no_server() { _mc_die "the broker has no server of that name" "mcpconf switch PROFILE"; }

_mc_locale_back() {
  if [[ -n $_mc_locale_set ]]; then
    { LC_ALL=$_mc_locale_was; } 2>/dev/null # bash complained of an unknown locale when it started
  else
    unset LC_ALL
  fi
}

# --- a unix socket

_mc_unix() {
  type -P socat >/dev/null || _mc_die "socat is not on PATH" "install socat (apt-get install socat, apk add socat)"
  _mc_socket=$_mc_directory/$_mc_server.sock
  if [[ ! -S $_mc_socket ]] || { _mc_may_start && ! _mc_is_alive; }; then _mc_start_broker; fi
  # An address has 107 bytes, and socat reads more into a path than that it is one.
  if [[ ${#_mc_socket} -gt 107 || $_mc_socket == *[!A-Za-z0-9/._-]* ]]; then
    cd "$_mc_directory" || _mc_die "can't enter $_mc_directory" "mcpconf broker status"
    _mc_socket=./$_mc_server.sock
  fi
  # A broker that is being restarted is back within the retries.
  exec socat -t "$_mc_linger" -lp "mcpconf: $_mc_server (mend it with: mcpconf broker start)" \
    STDIO "UNIX-CONNECT:$_mc_socket,retry=20,interval=0.1"
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

# --- TCP

# Sets _mc_key_id, and the key itself where the HMAC wants it.
_mc_read_key() {
  local file=${MCPCONF_BROKER_KEY-} secret="" more=""
  [[ -n $file ]] || _mc_die "a broker behind TCP wants a key" "MCPCONF_BROKER_KEY=FILE, of mcpconf broker key new ID"
  { IFS=' ' read -r _mc_key_id secret more <"$file"; } 2>/dev/null
  secret=${secret%$'\r'}
  [[ -n $secret ]] || _mc_die "the key file $file can't be read" "ls -l $file"
  [[ -z $more && ${#secret} == 64 && $secret != *[!0-9a-f]* ]] || _mc_die "$file is no key file" "mcpconf broker key new ID"
  [[ ${#_mc_key_id} -le 32 && $_mc_key_id != *[!a-z0-9-]* ]] || _mc_die "$file is no key file" "mcpconf broker key new ID"
  _mc_hmac_key "$secret"
}

# Sets _mc_nonce to 16 random bytes, in hex.
_mc_make_nonce() {
  local byte digits count
  _mc_nonce=""
  exec 4</dev/urandom || _mc_die "there is no /dev/urandom" "mount /dev"
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
  IFS= read -r -t "$_mc_tcp_patience" -n 256 -u 3 _mc_line
}

_mc_connect() {
  local host=${1%:*} port=${1##*:}
  if [[ $host == \[*\] ]]; then host=${host#\[} host=${host%\]}; fi
  [[ -n $host && $host != *[!A-Za-z0-9.:_-]* && -n $port && $port != *[!0-9]* ]] ||
    _mc_die "MCPCONF_BROKER=tcp:$1 is no address" "MCPCONF_BROKER=tcp:HOST:PORT"
  { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null ||
    _mc_die "no broker listens on $1" "mcpconf broker start --listen tcp:HOST:PORT, on its host"
}

# Proves the key, and has the broker prove it. Until it has, it gets nothing of the client's.
_mc_shake_hands() { # TARGET
  local nonces where="the broker on ${MCPCONF_BROKER#tcp:}"
  _mc_hear
  [[ $_mc_line == "MCPCONF1 "* && ${#_mc_line} == 41 && ${_mc_line#MCPCONF1 } != *[!0-9a-f]* ]] ||
    _mc_die "what listens on ${MCPCONF_BROKER#tcp:} is no broker of mcpconf's" "mcpconf broker status, on its host"
  nonces="${_mc_line#MCPCONF1 }|$_mc_nonce"
  _mc_hmac_text "c|$nonces|$1"
  { printf 'AUTH %s %s %s %s\n' "$_mc_key_id" "$_mc_nonce" "$1" "$_mc_hash" >&3; } 2>/dev/null
  _mc_hmac_text "s|$nonces|$1"
  _mc_hear
  [[ $_mc_line != "NO "* ]] || _mc_die "$where refuses: ${_mc_line#NO }" "mcpconf broker status, on its host"
  [[ -n $_mc_line ]] || _mc_die "$where does not take the key $_mc_key_id" "mcpconf broker key ls, on its host"
  [[ $_mc_line == "OK $_mc_hash" ]] ||
    _mc_die "what listens on ${MCPCONF_BROKER#tcp:} could not prove that it is the broker" "mcpconf broker key ls, on its host"
}

_mc_tcp() {
  _mc_connect "$1"
  _mc_read_key
  _mc_make_nonce
  _mc_shake_hands "open/$_mc_server"
  _mc_pump
}

# Three processes, all children of this one and none with a child of its own, so that each can be ended and waited for:
# one brings, one takes, and one tells the broker when the latter has ended, which it knows by a pipe that only that one
# holds open. The line end before its message is for a last line that has none. A signal that comes meanwhile is noted
# down. (As a pipeline this hung: where a trap runs between its parts, bash 5.2 then waits for them.)
_mc_pump() {
  _mc_signal=""
  trap '_mc_signal=129' HUP
  trap '_mc_signal=130' INT
  trap '_mc_signal=143' TERM
  cat <&3 2>/dev/null &
  _mc_bringer=$!
  exec 4> >(read -r _; printf '\n%s\n' "$_mc_end" 2>/dev/null >&3)
  _mc_teller=$! # before bash 4.4 this is the bringer still, and the system waits for the teller
  cat <&0 >&3 2>/dev/null &
  _mc_taker=$!
  exec </dev/null >/dev/null 3>&- 4>&-
  trap '_mc_stop 129' HUP
  trap '_mc_stop 130' INT
  trap '_mc_stop 143' TERM
  [[ -z $_mc_signal ]] || _mc_stop "$_mc_signal"
  wait "$_mc_bringer"
  kill -0 "$_mc_taker" 2>/dev/null || _mc_stop 0
  _mc_say "the broker went away" "mcpconf broker start, and a new session of the client's"
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

_mc_main() {
  _mc_server=${1-}
  case $_mc_server in
    "" | .* | *[!A-Za-z0-9._-]*)
      _mc_server=shim
      _mc_die "it is given the name of one server" "mcpconf switch PROFILE"
      ;;
  esac
  _mc_beside=.
  [[ $0 != */* ]] || _mc_beside=${0%/*}
  _mc_read_conf
  case ${MCPCONF_BROKER-} in
    tcp:*) _mc_tcp "${MCPCONF_BROKER#tcp:}" ;;
    unix:/*/*) _mc_directory=${MCPCONF_BROKER#unix:} _mc_directory=${_mc_directory%/*} ;;
    "") [[ -n $_mc_directory ]] || _mc_die "$_mc_beside/shim.conf names no directory" "mcpconf switch PROFILE" ;;
    *) _mc_die "MCPCONF_BROKER=$MCPCONF_BROKER is no address" "MCPCONF_BROKER=unix:/PATH/broker.sock or tcp:HOST:PORT" ;;
  esac
  _mc_unix
}

# Bytes are bytes while we work.
_mc_locale_was=${LC_ALL-}
_mc_locale_set=${LC_ALL+set}
LC_ALL=C

# Read by a test for its functions, it does nothing.
[[ ${BASH_SOURCE[0]} != "$0" ]] || _mc_main "$@"
