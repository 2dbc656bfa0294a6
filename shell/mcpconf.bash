# shellcheck shell=bash disable=SC3043
# mcpconf in bash, 3.2 and later: completion, the prompt's function, ~/.local/bin in PATH, a hook. Source it in
# ~/.bashrc; `mcpconf dotfiles install` does. It starts no program, neither now nor at a TAB (but where nothing of the
# active profile was written down yet), and evaluates nothing: a word with other characters than names have is never
# offered.
#
#   PS1='$(mcpconf_prompt) '"$PS1"      # the active profile in the prompt, if you like
#   MCPCONF_HOOK=1                      # before it: says where a directory asks for a profile (.mcpconf/profile)

# --- made by python -m mcpconf.cli.static: begin
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

_mcpconf_table() {
  case $1 in
    '') _mcpconf_lines='init	command	Set everything up: find clients, choose a profile, write.
switch	command	Give the clients a profile'\''s servers ('\''-'\'': the previous).
current	command	Print the name of the active profile.
status	command	Show what is active, and whether the files are in step.
doctor	command	Say what is wrong, why, and the command that mends it.
diff	command	Show what switching would change, without secrets.
undo	command	Take back the last change, in all files together.
history	command	List the changes made so far.
server	command	Add, remove, list and test servers of your own profile.
run	command	Start a command with a profile that counts for it alone.
tools	command	List the tools of the active profile'\''s servers.
call	command	Call a tool of a server, from the shell.
profile	command	List, show, write and check profiles.
secret	command	Keep secrets out of config files.
trust	command	Allow a project'\''s own profile to be used.
allow	command	Let a directory have the profile that it asks for.
import	command	Turn what a client has now into a profile.
dotfiles	command	Set up from a dotfiles repository: profiles, shells, place.
broker	command	Run the broker, which keeps servers alive between sessions.
logs	command	Show what a server says.
export	command	Merge into a devcontainer.json; print chezmoi'\''s scripts.
env	command	Show where mcpconf thinks it runs, and why.
completion	command	Print what a shell needs to complete these commands.
serve	command	Run mcpconf'\''s own MCP server on stdin and stdout.
uninstall	command	Give every file back as if mcpconf had never been there.
--color	color	When to use colours
--config-dir	directory	Keep mcpconf'\''s own files there
--env	env	What this place is, if mcpconf gets it wrong
--no-input	flag	Never ask
--quiet	flag	Only data and errors
--verbose	flag	Where an error came from
--version	flag	The version
--help	flag	Show the help' ;;
    'init') _mcpconf_lines='--profile	profile	Which profile to activate
--client	client	Which client; may be repeated. Remembered
--scope	scope	user, local or project. Remembered (the latter two for this directory)
--route	route	toolkit, broker, wrapper, direct or auto, for every server
--portable	flag	Write entries that are right wherever this home is mounted
--adopt	flag	Take over entries of the same name that others wrote
--keep	flag	Leave entries of the same name that others wrote
--force	flag	Overwrite entries of ours that were edited by hand
--approve	flag	Project scope: approve the servers in .claude/settings.local.json
--broker	flag	Keep servers running between sessions. The default in a container only
--no-broker	flag	Keep servers running between sessions. The default in a container only
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'switch') _mcpconf_lines='@	profile	
--client	client	Which client; may be repeated. Remembered
--scope	scope	user, local or project. Remembered (the latter two for this directory)
--route	route	toolkit, broker, wrapper, direct or auto, for every server
--portable	flag	Write entries that are right wherever this home is mounted
--adopt	flag	Take over entries of the same name that others wrote
--keep	flag	Leave entries of the same name that others wrote
--force	flag	Overwrite entries of ours that were edited by hand
--approve	flag	Project scope: approve the servers in .claude/settings.local.json
--shell	flag	Open a shell with it instead; no client'\''s file is touched
--check	flag	Do nothing; exit 3 if something would change
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'current') _mcpconf_lines='--json	flag	Print the result as JSON' ;;
    'status') _mcpconf_lines='--json	flag	Print the result as JSON' ;;
    'doctor') _mcpconf_lines='--only	group	This group of checks; may be repeated
--server	server	Look at this server alone
--deep	flag	Start each server twice, and wait as long as its client does
--slowest	flag	Show the slowest servers first
--no-network	flag	Call no address, and start nothing that has to be fetched
--fix	flag	Do what is safe to do; ask for the rest
--yes	flag	With --fix: do the rest, too, without asking
-y	flag	With --fix: do the rest, too, without asking
--dry-run	flag	With --fix: show it only
-n	flag	With --fix: show it only
--explain	check	Tell about one check
--list	flag	List all checks
--json	flag	Print the result as JSON' ;;
    'diff') _mcpconf_lines='@	profile	
--client	client	Which client; may be repeated
--scope	scope	user, local or project
--route	route	toolkit, broker, wrapper, direct or auto, for every server
--portable	flag	Write entries that are right wherever this home is mounted
--check	flag	Do nothing; exit 3 if something would change
--json	flag	Print the result as JSON' ;;
    'undo') _mcpconf_lines='--force	flag	Overwrite entries of ours that were edited by hand
--untrusted	flag	Also bring back servers of a project'\''s profile that is not trusted
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'history') _mcpconf_lines='--json	flag	Print the result as JSON' ;;
    'server') _mcpconf_lines='add	command	Add a server to your own profile, and apply it
rm	command	Remove a server from your own profile, and apply that
enable	command	Use a disabled server again
disable	command	Keep a server without using it; also one that is inherited
ls	command	List the servers of a profile
show	command	Show one server of a profile, without secrets
pull	command	Get the images of servers that run in containers
test	command	Start a server: its version and tools, or its last words' ;;
    'server add') _mcpconf_lines='@	none	
@	none...	
-e	none	A variable for the server; may be repeated
--header	none	A header for --url; may be repeated
--image	none	A container image to run
--network	none	A network for --image; none, if not given
--url	none	A remote server'\''s address
--package	none	pypi:NAME==VERSION or npm:NAME@VERSION
--toolkit	none	Its name in Docker'\''s MCP catalog
--cwd	directory	The directory it starts in
--client	client	Which client; may be repeated. Remembered
--scope	scope	user, local or project. Remembered (the latter two for this directory)
--route	route	toolkit, broker, wrapper, direct or auto, for every server
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--replace	flag	Take the place of a server of that name
--adopt	flag	Take over entries of the same name that others wrote
--keep	flag	Leave entries of the same name that others wrote
--no-apply	flag	Change the profile only, not the clients
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'server rm') _mcpconf_lines='@	server	
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--no-apply	flag	Change the profile only, not the clients
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'server enable') _mcpconf_lines='@	server	
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--no-apply	flag	Change the profile only, not the clients
--json	flag	Print the result as JSON' ;;
    'server disable') _mcpconf_lines='@	server	
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--no-apply	flag	Change the profile only, not the clients
--json	flag	Print the result as JSON' ;;
    'server ls') _mcpconf_lines='--profile	profile	Which profile of yours; the active one, else '\''default'\''
--json	flag	Print the result as JSON' ;;
    'server show') _mcpconf_lines='@	server	
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--json	flag	Print the result as JSON' ;;
    'server pull') _mcpconf_lines='@	server...	
--profile	profile	Which profile of yours; the active one, else '\''default'\''' ;;
    'server test') _mcpconf_lines='@	server	
@	none...	
-e	none	A variable for the server; may be repeated
--url	none	A remote server'\''s address
--package	none	pypi:NAME==VERSION or npm:NAME@VERSION
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--timeout	none	Seconds to wait for the server
--json	flag	Print the result as JSON' ;;
    'run') _mcpconf_lines='@	none...	
--profile	profile	The profile that counts for it alone
-p	profile	The profile that counts for it alone
--isolated	flag	By a CLAUDE_CONFIG_DIR of its own, for claude as well' ;;
    'tools') _mcpconf_lines='@	server	
@	tool	
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--timeout	none	Seconds to wait for the server
--no-broker	flag	Start the server for this once, whatever the broker has
--claude-md	flag	Print a paragraph about them for a CLAUDE.md
--write	flag	With --claude-md: put it into the project'\''s CLAUDE.md, or the FILE named
--remove	flag	With --claude-md: take it out of there
--json	flag	Print the result as JSON' ;;
    'call') _mcpconf_lines='@	server	
@	tool	
--arg	none	An argument; NAME:=JSON as JSON, NAME=@FILE from a file
-a	none	An argument; NAME:=JSON as JSON, NAME=@FILE from a file
--input	none	All arguments as an object; - or @FILE reads it
--output	file	Write what it gives there, images too
-o	file	Write what it gives there, images too
--profile	profile	Which profile of yours; the active one, else '\''default'\''
--timeout	none	Seconds to wait for the server
--no-broker	flag	Start the server for this once, whatever the broker has
--json	flag	Print the result as JSON' ;;
    'profile') _mcpconf_lines='ls	command	List the profiles; '\''*'\'' marks the active one
show	command	Show a profile with all it inherits, without secrets
new	command	Make a profile of your own
copy	command	Copy any profile to one of your own
rm	command	Remove a profile of your own
edit	command	Edit a profile of your own, and check it
validate	command	Check profiles; each fault with file, line and column
schema	command	Print the JSON Schema of a profile, for editors' ;;
    'profile ls') _mcpconf_lines='--json	flag	Print the result as JSON' ;;
    'profile show') _mcpconf_lines='@	profile	
--json	flag	Print the result as JSON' ;;
    'profile new') _mcpconf_lines='@	none	
--description	none	One line about it
--extends	profile	A parent; may be repeated' ;;
    'profile copy') _mcpconf_lines='@	profile	
@	none	' ;;
    'profile rm') _mcpconf_lines='@	profile	
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults' ;;
    'profile edit') _mcpconf_lines='@	profile	' ;;
    'profile validate') _mcpconf_lines='@	profile...	' ;;
    'profile schema') _mcpconf_lines='' ;;
    'secret') _mcpconf_lines='set	command	Keep a secret
ls	command	List the secrets that are kept and where each is, never a value
rm	command	Forget a secret' ;;
    'secret set') _mcpconf_lines='@	none	
--keyring	flag	In the system'\''s keyring, not in a file' ;;
    'secret ls') _mcpconf_lines='--json	flag	Print the result as JSON' ;;
    'secret rm') _mcpconf_lines='@	secret	' ;;
    'trust') _mcpconf_lines='@	own	
--revoke	flag	Trust it no more
--json	flag	Print the result as JSON' ;;
    'allow') _mcpconf_lines='@	directory	
--profile	profile	This one, whatever the directory says
--if-allowed	flag	Only where it was allowed before; else say how. For direnv
--revoke	flag	Allow it no more, and take its servers out
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults' ;;
    'import') _mcpconf_lines='--profile	profile	The profile to write
--client	client	Which client; may be repeated
--scope	scope	user, local or project
--adopt	flag	Then switch to it, taking the entries over
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'dotfiles') _mcpconf_lines='install	command	Put a repository'\''s profiles, rc blocks and profile in place
uninstall	command	Take out what install made, and give the profile before back
status	command	Show who manages the dotfiles, and what is in place
log	command	Print what install and uninstall did, and could not do' ;;
    'dotfiles install') _mcpconf_lines='--from	directory	The repository; a URL is cloned
--profile	profile	This profile, whatever [places] says
--adopt	flag	Take over entries of the same name that others wrote
--keep	flag	Leave entries of the same name that others wrote
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'dotfiles uninstall') _mcpconf_lines='--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    'dotfiles status') _mcpconf_lines='--json	flag	Print the result as JSON' ;;
    'dotfiles log') _mcpconf_lines='' ;;
    'broker') _mcpconf_lines='run	command	Run the broker here, until it is stopped
start	command	Start the broker in the background, and wait for it
stop	command	Stop the broker and the servers that it keeps
restart	command	Stop the broker and start it again
status	command	Show servers, their processes and clients
logs	command	Show the log of a server, or of the broker itself
warm	command	Start servers before somebody needs them
gateway	command	Serve all servers as one, without a key, until Ctrl-C
expose	command	Show how containers reach the broker of this machine
install	command	Make the broker a service of this system
uninstall	command	Take the broker from the system'\''s services
reload	command	Have servers'\'' definitions and keys read again
key	command	Keys of clients that come by TCP' ;;
    'broker run') _mcpconf_lines='--listen	none	Also serve clients that have a key; may be repeated
--allow-nonlocal	flag	Also where other machines or containers can reach it' ;;
    'broker start') _mcpconf_lines='--listen	none	Also serve clients that have a key; may be repeated
--allow-nonlocal	flag	Also where other machines or containers can reach it
--if-needed	flag	Do nothing where one runs' ;;
    'broker stop') _mcpconf_lines='' ;;
    'broker restart') _mcpconf_lines='--listen	none	Also serve clients that have a key; may be repeated
--allow-nonlocal	flag	Also where other machines or containers can reach it' ;;
    'broker status') _mcpconf_lines='--json	flag	Print the result as JSON
--watch	flag	Show it anew each second, until Ctrl-C' ;;
    'broker logs') _mcpconf_lines='@	server	
--follow	flag	Go on with what is added, until Ctrl-C
-f	flag	Go on with what is added, until Ctrl-C
--lines	none	How many of the last lines
-n	none	How many of the last lines' ;;
    'broker warm') _mcpconf_lines='@	server...	' ;;
    'broker gateway') _mcpconf_lines='--listen	none	On the loopback address, or on a bridge'\''s' ;;
    'broker expose') _mcpconf_lines='--to	engine	docker or podman; the one that answers, if not said
--by	way	mount or tcp; the better one, if not said
--key	none	For tcp: the key'\''s name
--apply	flag	Do what has to be done on this machine
--json	flag	Print the result as JSON' ;;
    'broker install') _mcpconf_lines='--kind	service	Who is to start it; who does so here, if not said
--print	flag	Print what it would be given; nothing is written
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing' ;;
    'broker uninstall') _mcpconf_lines='--force	flag	Remove a file that was edited, too
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing' ;;
    'broker reload') _mcpconf_lines='' ;;
    'broker key') _mcpconf_lines='new	command	Make a key for a client, and print the path of its file
ls	command	List the keys, never one of them
revoke	command	Take a key away from the client that has it' ;;
    'broker key new') _mcpconf_lines='@	none	' ;;
    'broker key ls') _mcpconf_lines='--json	flag	Print the result as JSON' ;;
    'broker key revoke') _mcpconf_lines='@	none	' ;;
    'logs') _mcpconf_lines='@	server	
--follow	flag	Go on with what is added, until Ctrl-C
-f	flag	Go on with what is added, until Ctrl-C
--lines	none	How many of the last lines
-n	none	How many of the last lines' ;;
    'export') _mcpconf_lines='@	export	
@	file	
--template	manager	Print a dotfiles manager'\''s script: chezmoi
--for	script	With --template: claude-code, claude-desktop, bash, zsh, apply
--profile	profile	Which profile the container activates
--mount-broker	flag	Give the container this machine'\''s broker
--no-mount-broker	flag	Give the container this machine'\''s broker
--by	way	How: mount or tcp
--feature	none	Add mcpconf'\''s Feature, by the id it has for you
--volume	flag	Keep what mcpconf remembers over a rebuild
--no-volume	flag	Keep what mcpconf remembers over a rebuild
--start-broker	flag	Start a broker in the container, each time that it starts
--image	none	For a file that names none
--remove	flag	Take out what mcpconf has put in
--print	flag	Print the whole file, and write nothing
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--check	flag	Do nothing; exit 3 if something would change
--force	flag	Overwrite entries of ours that were edited by hand
--json	flag	Print the result as JSON' ;;
    'env') _mcpconf_lines='--explain	flag	Show every piece of evidence and its weight
--json	flag	Print the result as JSON' ;;
    'completion') _mcpconf_lines='@	shell	' ;;
    'serve') _mcpconf_lines='' ;;
    'uninstall') _mcpconf_lines='--purge	flag	Also remove profiles, secrets, history and the installation
--force	flag	Overwrite entries of ours that were edited by hand
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON' ;;
    '=check') _mcpconf_lines='MC101	value	host or container is known
MC102	value	the evidence agrees with what you said
MC103	value	there is room on the disk
MC104	value	mcpconf'\''s directories can be used
MC105	value	the clock runs forward
MC106	value	HOME is yours
MC107	value	mcpconf'\''s own files are whole
MC201	value	every client'\''s file can be read
MC202	value	every client'\''s file is whole and valid JSON
MC203	value	no name stands twice
MC204	value	no entry has characters that can'\''t be seen
MC205	value	no byte order mark where a client can'\''t stand one
MC206	value	nobody else can read your clients'\'' files
MC207	value	your clients'\'' files are yours
MC208	value	your clients can write their files
MC209	value	links lead straight to the file
MC210	value	what is mounted here is what the host has
MC211	value	mounts will outlast the next write
MC212	value	no lock was left behind
MC213	value	Claude Code has not reset a file
MC214	value	each file has one name
MC215	value	no write of ours was cut off
MC216	value	files are small enough to be read quickly
MC217	value	servers stand where clients look for them
MC301	value	every entry has the shape that its client takes
MC302	value	every url says what is spoken there
MC303	value	no client has a url that it can'\''t call
MC304	value	every url is one
MC305	value	no entry has both a command and a url
MC306	value	clients read every word of the entries
MC307	value	clients find every command
MC308	value	every command may be executed
MC309	value	no command is a whole command line
MC310	value	every script says what runs it
MC311	value	what runs the programs is there
MC312	value	the files that entries name are there
MC313	value	every variable that an entry names is set
MC314	value	no entry waits for a shell to fill something in
MC315	value	commands lead to the same program from everywhere
MC316	value	no entry is of another place'\''s mcpconf
MC317	value	every container is listened to
MC318	value	no command needs cmd.exe
MC319	value	addresses mean this place what they say
MC320	value	no server has a name of Claude Code'\''s own
MC321	value	Claude can tell all servers apart
MC322	value	names leave room for those of the tools
MC323	value	no entry hides another one
MC324	value	the project'\''s servers are approved
MC325	value	no settings switch a server off
MC326	value	no administrator'\''s file takes your servers'\'' place
MC401	value	a profile is active
MC402	value	the active profile can be used
MC403	value	every server of it has a way here
MC404	value	every server of it is in its clients'\'' files
MC405	value	entries are what the profile says
MC406	value	no better route has come up
MC407	value	no entry of ours was edited by hand
MC408	value	nobody else'\''s entry has a name of the profile'\''s
MC409	value	nothing is left of an earlier profile
MC410	value	the files behind the entries are there
MC411	value	every value that a server needs is set
MC412	value	each route has its reason
MC501	value	docker is here where the Toolkit is to serve
MC502	value	the Docker engine answers where it is needed
MC503	value	the docker mcp plugin answers where it is needed
MC504	value	the Toolkit has the profiles that are named
MC505	value	something listens where classic entries lead
MC506	value	it does not speak HTTP there
MC507	value	it is an MCP endpoint
MC508	value	containers get to where it listens
MC509	value	containers of classic entries know their host
MC510	value	images of classic entries are here
MC601	value	the broker runs, or can be started
MC602	value	the broker answers
MC603	value	the broker is of the installed version
MC604	value	no broker was killed
MC605	value	the socket directory is yours alone
MC606	value	what the broker keeps runs
MC607	value	what the broker keeps stays up
MC608	value	what the broker keeps answers quickly
MC609	value	the broker listens to this machine alone
MC610	value	no door without a key is open to others
MC611	value	keys are used
MC612	value	what entries start is of this version
MC613	value	the broker can read what it may start
MC614	value	nobody else has told the broker what to start
MC615	value	logs of the broker are small
MC701	value	every server can be started
MC702	value	every server has the values that it needs
MC703	value	every server stays up
MC704	value	every server answers in time
MC705	value	every server speaks MCP
MC706	value	every server speaks a version that clients know
MC707	value	every server lists its tools
MC708	value	every URL can be reached
MC709	value	every server lets you in
MC710	value	servers start quickly
MC711	value	servers keep their stdout clean
MC712	value	servers have tools
MC713	value	no server has too many tools
MC714	value	tools have names that are short enough
MC715	value	tools have names of their own
MC716	value	every server was tried
MC717	value	servers work for their clients, too
MC718	value	servers were timed
MC801	value	the host'\''s broker is met where it is meant to be
MC802	value	clients'\'' files outlast the container
MC803	value	there is an engine for servers of images
MC804	value	the broker listens where containers get
MC805	value	no container was left behind
MC806	value	images of servers are here
MC901	value	no client'\''s file has a secret in clear
MC902	value	what mcpconf keeps is yours alone
MC903	value	the broker takes all of its keys
MC904	value	no profile has a secret in clear
MC905	value	the project'\''s profiles are trusted
MC906	value	no gateway is open to other machines
MC907	value	no container'\''s port is open to other machines
MC908	value	no server has the container engine'\''s socket
MC909	value	containers are contained
MC910	value	no secret goes over the network in clear
MC911	value	certificates are checked
MC912	value	no start runs what a web page says
MC913	value	nobody else can change what is started
MC914	value	packages and images are pinned
MC011	value	services start what is there
MC012	value	services start this installation
MC013	value	what is enabled is there
MC014	value	no service has failed
MC015	value	the broker'\''s service answers
MC016	value	services outlive the session
MC017	value	somebody starts the services
MC018	value	services listen where clients look
MC019	value	services find the programs of servers
MC051	value	shells find mcpconf
MC052	value	there is one mcpconf on PATH
MC053	value	what start-up files load of ours is there
MC054	value	every MCPCONF_ variable is one that is read
MC055	value	variables name what is there
MC056	value	directories in variables are absolute
MC057	value	mcpconf'\''s launcher has what it starts
MC058	value	mcpconf'\''s blocks in start-up files are whole
MC059	value	what mcpconf'\''s blocks load is there' ;;
    '=client') _mcpconf_lines='claude-code	value	Claude Code
claude-desktop	value	Claude Desktop' ;;
    '=color') _mcpconf_lines='auto	value	
always	value	
never	value	' ;;
    '=engine') _mcpconf_lines='docker	value	
podman	value	' ;;
    '=env') _mcpconf_lines='auto	value	
host	value	
container	value	' ;;
    '=export') _mcpconf_lines='devcontainer	value	' ;;
    '=group') _mcpconf_lines='place	value	
files	value	
entries	value	
routes	value	
toolkit	value	
broker	value	
servers	value	
containers	value	
security	value	
services	value	
shell	value	' ;;
    '=manager') _mcpconf_lines='chezmoi	value	' ;;
    '=profile') _mcpconf_lines='container	value	For inside a container: the host'\''s servers where they can be reached, else small ones of its own
docker	value	Servers in containers, through the Docker MCP Toolkit
essentials	value	Files, memory, web pages, git and time: the official servers
minimal	value	mcpconf'\''s own server alone
research	value	Papers, web pages, notes and step-by-step thinking
web	value	Search, read pages, drive a browser, look up library documentation' ;;
    '=route') _mcpconf_lines='auto	value	
toolkit	value	
broker	value	
wrapper	value	
direct	value	' ;;
    '=scope') _mcpconf_lines='user	value	
local	value	
project	value	' ;;
    '=script') _mcpconf_lines='claude-code	value	
claude-desktop	value	
bash	value	
zsh	value	
apply	value	' ;;
    '=service') _mcpconf_lines='systemd	value	
launchd	value	
task	value	
container	value	' ;;
    '=shell') _mcpconf_lines='bash	value	
zsh	value	
fish	value	
powershell	value	
direnv	value	' ;;
    '=way') _mcpconf_lines='mount	value	
tcp	value	' ;;
    *) _mcpconf_lines= ;;
  esac
}
# --- made by python -m mcpconf.cli.static: end

_mcpconf_newline='
'

# Runs `$2 WORD KIND HELP` for each line of the table of $1; patterns are off.
_mcpconf_each() {
  local _mcpconf_lines="" line word kind IFS=$_mcpconf_newline
  _mcpconf_table "$1"
  for line in $_mcpconf_lines; do
    word=${line%%	*}
    line=${line#*	}
    kind=${line%%	*}
    "$2" "$word" "$kind" "${line#*	}"
  done
}

# WORD HELP: offers a word where it fits what is typed. Its help shows where bash lists (a second TAB), and only there.
_mcpconf_offer() {
  [ "${1#"$cur"}" != "$1" ] || [ -z "$cur" ] || return 0
  case $_mcpconf_seen in *" $1 "*) return 0 ;; esac
  _mcpconf_seen="$_mcpconf_seen$1 "
  COMPREPLY[${#COMPREPLY[@]}]=$_mcpconf_before$1
  _mcpconf_helps[${#_mcpconf_helps[@]}]=${2-}
}

_mcpconf_offer_word() { case $2 in value) _mcpconf_offer "$1" "$3" ;; esac }

# Looks for $word among the words of a command: sets found to its kind, or counts the arguments up to the one wanted.
_mcpconf_find() {
  case $1 in
    @)
      at=$((at + 1))
      if [ "$at" -le "$wanted" ]; then
        found=$2
        case $2 in *...) ;; *) [ "$at" -eq "$wanted" ] || found="" ;; esac
      fi
      ;;
    "$looked") hit=$2 ;;
  esac
  case $2 in command) inner=1 ;; esac
}

# What may stand after the command: its sub-commands, or its options.
_mcpconf_suggest() {
  case $1/$2 in
    @/*) ;;
    -*/*) case $cur in -*) _mcpconf_offer "$1" "$3" ;; esac ;;
    */command) _mcpconf_offer "$1" "$3" ;;
  esac
}

# KIND: offers the values of that kind.
_mcpconf_values() {
  case ${1%...} in
    none) ;;
    file | directory) _mcpconf_files "${1%...}" ;;
    profile)
      _mcpconf_profiles
      [ "$path" != switch ] || _mcpconf_offer - "the previous one"
      ;;
    own) _mcpconf_project_profiles ;;
    server) _mcpconf_servers ;;
    tool) _mcpconf_known tools "$first" ;;
    secret) _mcpconf_known secrets "" ;;
    *) _mcpconf_each "=${1%...}" _mcpconf_offer_word ;;
  esac
}

# Files are left to bash itself, which knows how to quote them. Bash 3.2 was told so once and for all, see below.
_mcpconf_files() {
  type compopt >/dev/null 2>&1 || return 0
  if [ "$1" = directory ]; then compopt -o dirnames; else compopt -o bashdefault -o default; fi
}

_mcpconf_profiles() {
  _mcpconf_project_profiles
  _mcpconf_places "$config"
  _mcpconf_profiles_in "$_mcpconf_config/profiles"
  _mcpconf_each "=profile" _mcpconf_offer_word
}

# A project's, from here up to the home directory.
_mcpconf_project_profiles() {
  local directory=$PWD
  while [ -n "$directory" ] && [ "$directory" != "${HOME-}" ]; do
    _mcpconf_profiles_in "$directory/.mcpconf"
    directory=${directory%/*}
  done
}

_mcpconf_profiles_in() {
  local file name again=""
  [ -d "$1" ] || return 0
  if shopt -q failglob; then # a pattern without a match would be an error
    shopt -u failglob
    again=1
  fi
  set +f
  for file in "$1"/*.toml; do
    name=${file##*/}
    name=${name%.toml}
    if _mcpconf_is_name "$name" && [ -f "$file" ]; then _mcpconf_offer "$name"; fi
  done
  set -f
  [ -z "$again" ] || shopt -s failglob
}

_mcpconf_servers() {
  local profile=$named
  if [ -z "$profile" ]; then
    [ -z "$config" ] || local MCPCONF_CONFIG_DIR=$config
    _mcpconf_active
    profile=$_mcpconf_found
  fi
  [ -n "$profile" ] || return 0
  _mcpconf_known servers "$profile" || _mcpconf_ask
}

# SECTION KEY: offers the words that were written down for it. Fails where there is no such line.
_mcpconf_known() {
  local section key words word IFS=' '
  _mcpconf_places "$config"
  [ -f "$_mcpconf_state/words" ] && [ -r "$_mcpconf_state/words" ] || return 1
  while IFS='	' read -r section key words; do
    [ "$section/$key" = "$1/=$2" ] || continue
    for word in $words; do
      if _mcpconf_is_name "$word"; then _mcpconf_offer "$word"; fi
    done
    return 0
  done <"$_mcpconf_state/words"
  return 1
}

# Nothing was written down yet (an older mcpconf made the profile active): mcpconf itself is asked, which takes longer.
_mcpconf_ask() {
  local word
  while IFS= read -r word; do
    if _mcpconf_is_name "$word"; then _mcpconf_offer "$word"; fi
  done < <(command mcpconf __complete servers 2>/dev/null </dev/null)
}

_mcpconf() {
  local beyond="" was=$-
  set -f
  _mcpconf_complete
  case $was in *f*) ;; *) set +f ;; esac
  [ -z "$beyond" ] || _mcpconf_command "$beyond"
}

# Sets COMPREPLY; or `beyond`, where another program's command line begins.
_mcpconf_complete() {
  local cur=${COMP_WORDS[COMP_CWORD]} path="" config="" named="" first="" pending="" word looked hit found inner
  local wanted=1 at i=1 _mcpconf_seen=" " _mcpconf_found _mcpconf_state _mcpconf_config
  local _mcpconf_before="" _mcpconf_helps
  _mcpconf_helps=()
  COMPREPLY=()
  _mcpconf_walk || return 0
  _mcpconf_trim
  if [ -n "$pending" ]; then
    case $pending in other) pending=directory ;; esac
    _mcpconf_values "$pending"
  else
    looked="" hit="" at=0 found=""
    _mcpconf_each "$path" _mcpconf_suggest
    case $cur in
      -*) [ -z "$path" ] || _mcpconf_each "" _mcpconf_suggest ;;
      *)
        _mcpconf_each "$path" _mcpconf_find
        [ -z "$found" ] || _mcpconf_values "$found"
        ;;
    esac
  fi
  _mcpconf_show
}

# Goes over the words before the one that is completed: the command, its arguments so far, an option that waits for its
# value. Fails where there is nothing of ours to offer.
_mcpconf_walk() {
  while [ "$i" -lt "$COMP_CWORD" ]; do
    word=${COMP_WORDS[i]}
    i=$((i + 1))
    # Bash cuts --profile=work at the equals sign.
    case $word in =) continue ;; esac
    if [ -n "$pending" ]; then
      case $pending in profile) named=$word ;; directory) config=${config:-$word} ;; esac
      pending=""
      continue
    fi
    case $word in --) beyond=$i; return 1 ;; esac
    looked=$word hit="" at=0 found="" inner=""
    _mcpconf_each "$path" _mcpconf_find
    case $word/$hit in
      -*/) _mcpconf_everywhere ;;
      -*/flag) ;;
      -*) pending=$hit ;;
      */command) path="${path:+$path }$word" ;;
      *)
        [ -z "$inner" ] || return 1 # no command of ours
        [ -n "$first" ] || first=$word
        wanted=$((wanted + 1))
        ;;
    esac
    # --config-dir alone is the one that says where our files are.
    case $word/$pending in --config-dir/*) config="" ;; */directory) pending=other ;; esac
  done
}

# Takes off the word what is no part of the value that is completed: a quotation mark, an option and its equals sign.
_mcpconf_trim() {
  case $cur in
    \"* | \'*) cur=${cur#?} ;;
    =) cur="" ;;
    --*=*) # bash 3.2 cuts there only later; without an equals sign in COMP_WORDBREAKS none does
      looked=${cur%%=*} hit=""
      _mcpconf_each "$path" _mcpconf_find
      [ -n "$hit" ] || _mcpconf_everywhere
      pending=${hit:-none}
      case ${COMP_WORDBREAKS-=} in *=*) ;; *) _mcpconf_before=${cur%%=*}= ;; esac
      cur=${cur#*=}
      ;;
  esac
}

# An option of every command, after its name.
_mcpconf_everywhere() {
  _mcpconf_each "" _mcpconf_find
  case $hit in "" | flag | command) ;; *) pending=$hit ;; esac
}

# INDEX: another program's command line begins there.
_mcpconf_command() {
  if type _command_offset >/dev/null 2>&1; then
    _command_offset "$1"
  elif [ "$1" -eq "$COMP_CWORD" ]; then
    local word
    while IFS= read -r word; do
      COMPREPLY[${#COMPREPLY[@]}]=$word
    done < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
  else
    _mcpconf_files file
  fi
}

# Where bash only lists, each word has its help beside it.
_mcpconf_show() {
  [ "${COMP_TYPE-}" = 63 ] && [ "${#COMPREPLY[@]}" -gt 1 ] || return 0
  local i=0 width=0 pad
  for pad in "${COMPREPLY[@]}"; do [ "${#pad}" -le "$width" ] || width=${#pad}; done
  [ "$width" -le 28 ] || width=28
  while [ "$i" -lt "${#COMPREPLY[@]}" ]; do
    if [ -n "${_mcpconf_helps[i]}" ]; then
      printf -v pad '%-*s  %s' "$width" "${COMPREPLY[i]}" "${_mcpconf_helps[i]}"
      COMPREPLY[i]=${pad:0:$((${COLUMNS:-80} - 2))}
    fi
    i=$((i + 1))
  done
}

if [ "${BASH_VERSINFO[0]}" -ge 4 ]; then
  complete -F _mcpconf mcpconf
else # which can't be told of files when they are due: it offers them wherever there is nothing else
  complete -o bashdefault -o default -F _mcpconf mcpconf
fi

# --- The hook, and PATH

# In a directory that asks for a profile which is not active there, says once how to get it. It activates nothing.
_mcpconf_hook() {
  local code=$? directory=$PWD wanted="" _mcpconf_found _mcpconf_state _mcpconf_config
  [ "$PWD" != "${_mcpconf_hooked-}" ] || return "$code"
  _mcpconf_hooked=$PWD
  while [ -n "$directory" ] && [ "$directory" != "${HOME-}" ]; do
    if [ -f "$directory/.mcpconf/profile" ] && [ -r "$directory/.mcpconf/profile" ]; then
      IFS= read -r -n 129 wanted <"$directory/.mcpconf/profile" || :
      break
    fi
    directory=${directory%/*}
  done
  if [ -n "$wanted" ] && _mcpconf_is_name "$wanted"; then
    _mcpconf_active
    [ "$wanted" = "$_mcpconf_found" ] \
      || printf 'mcpconf: this directory asks for the profile %s; to use it: mcpconf allow\n' "$wanted" >&2
  fi
  return "$code"
}

case ${MCPCONF_HOOK-}/${PROMPT_COMMAND-} in
  1/*_mcpconf_hook*) ;;
  1/*) PROMPT_COMMAND="_mcpconf_hook${PROMPT_COMMAND:+; $PROMPT_COMMAND}" ;;
esac

case ":${PATH-}:" in
  *":${HOME-}/.local/bin:"*) ;;
  *) [ ! -x "${HOME-}/.local/bin/mcpconf" ] || PATH=${PATH:+$PATH:}$HOME/.local/bin ;;
esac
