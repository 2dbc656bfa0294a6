# mcpconf in fish: completion, the prompt's function, ~/.local/bin in PATH, a hook. Source it in config.fish, or lay it
# into conf.d; `mcpconf dotfiles install` does. It starts no program, neither now nor at a TAB (but where nothing of the
# active profile was written down yet), and evaluates nothing: a word with other characters than names have is never
# offered.
#
#   function fish_prompt; echo -n (mcpconf_prompt)' > '; end      # the active profile in the prompt, if you like
#   set -g MCPCONF_HOOK 1      # before it: says where a directory asks for a profile (.mcpconf/profile)

# --- made by python -m mcpconf.cli.static: begin
function __mcpconf_table
    switch "$argv[1]"
        case ''
            string split \n -- 'init	command	Set everything up: find clients, choose a profile, write.
switch	command	Give the clients a profile\'s servers (\'-\': the previous).
current	command	Print the name of the active profile.
status	command	Show what is active, and whether the files are in step.
doctor	command	Say what is wrong, why, and the command that mends it.
diff	command	Show what switching would change, without secrets.
undo	command	Take back the last change, in all files together.
history	command	List the changes made so far.
server	command	Add, remove, list and test servers of your own profile.
run	command	Start a command with a profile that counts for it alone.
tools	command	List the tools of the active profile\'s servers.
call	command	Call a tool of a server, from the shell.
profile	command	List, show, write and check profiles.
secret	command	Keep secrets out of config files.
trust	command	Allow a project\'s own profile to be used.
allow	command	Let a directory have the profile that it asks for.
import	command	Turn what a client has now into a profile.
dotfiles	command	Set up from a dotfiles repository: profiles, shells, place.
broker	command	Run the broker, which keeps servers alive between sessions.
logs	command	Show what a server says.
export	command	Merge into a devcontainer.json; print chezmoi\'s scripts.
env	command	Show where mcpconf thinks it runs, and why.
completion	command	Print what a shell needs to complete these commands.
serve	command	Run mcpconf\'s own MCP server on stdin and stdout.
uninstall	command	Give every file back as if mcpconf had never been there.
--color	color	When to use colours
--config-dir	directory	Keep mcpconf\'s own files there
--env	env	What this place is, if mcpconf gets it wrong
--no-input	flag	Never ask
--quiet	flag	Only data and errors
--verbose	flag	Where an error came from
--version	flag	The version
--help	flag	Show the help'
        case 'init'
            string split \n -- '--profile	profile	Which profile to activate
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
--json	flag	Print the result as JSON'
        case 'switch'
            string split \n -- '@	profile	
--client	client	Which client; may be repeated. Remembered
--scope	scope	user, local or project. Remembered (the latter two for this directory)
--route	route	toolkit, broker, wrapper, direct or auto, for every server
--portable	flag	Write entries that are right wherever this home is mounted
--adopt	flag	Take over entries of the same name that others wrote
--keep	flag	Leave entries of the same name that others wrote
--force	flag	Overwrite entries of ours that were edited by hand
--approve	flag	Project scope: approve the servers in .claude/settings.local.json
--shell	flag	Open a shell with it instead; no client\'s file is touched
--check	flag	Do nothing; exit 3 if something would change
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case 'current'
            string split \n -- '--json	flag	Print the result as JSON'
        case 'status'
            string split \n -- '--json	flag	Print the result as JSON'
        case 'doctor'
            string split \n -- '--only	group	This group of checks; may be repeated
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
--json	flag	Print the result as JSON'
        case 'diff'
            string split \n -- '@	profile	
--client	client	Which client; may be repeated
--scope	scope	user, local or project
--route	route	toolkit, broker, wrapper, direct or auto, for every server
--portable	flag	Write entries that are right wherever this home is mounted
--check	flag	Do nothing; exit 3 if something would change
--json	flag	Print the result as JSON'
        case 'undo'
            string split \n -- '--force	flag	Overwrite entries of ours that were edited by hand
--untrusted	flag	Also bring back servers of a project\'s profile that is not trusted
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case 'history'
            string split \n -- '--json	flag	Print the result as JSON'
        case 'server'
            string split \n -- 'add	command	Add a server to your own profile, and apply it
rm	command	Remove a server from your own profile, and apply that
enable	command	Use a disabled server again
disable	command	Keep a server without using it; also one that is inherited
ls	command	List the servers of a profile
show	command	Show one server of a profile, without secrets
pull	command	Get the images of servers that run in containers
test	command	Start a server: its version and tools, or its last words'
        case 'server add'
            string split \n -- '@	none	
@	none...	
-e	none	A variable for the server; may be repeated
--header	none	A header for --url; may be repeated
--image	none	A container image to run
--network	none	A network for --image; none, if not given
--url	none	A remote server\'s address
--package	none	pypi:NAME==VERSION or npm:NAME@VERSION
--toolkit	none	Its name in Docker\'s MCP catalog
--cwd	directory	The directory it starts in
--client	client	Which client; may be repeated. Remembered
--scope	scope	user, local or project. Remembered (the latter two for this directory)
--route	route	toolkit, broker, wrapper, direct or auto, for every server
--profile	profile	Which profile of yours; the active one, else \'default\'
--replace	flag	Take the place of a server of that name
--adopt	flag	Take over entries of the same name that others wrote
--keep	flag	Leave entries of the same name that others wrote
--no-apply	flag	Change the profile only, not the clients
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case 'server rm'
            string split \n -- '@	server	
--profile	profile	Which profile of yours; the active one, else \'default\'
--no-apply	flag	Change the profile only, not the clients
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case 'server enable'
            string split \n -- '@	server	
--profile	profile	Which profile of yours; the active one, else \'default\'
--no-apply	flag	Change the profile only, not the clients
--json	flag	Print the result as JSON'
        case 'server disable'
            string split \n -- '@	server	
--profile	profile	Which profile of yours; the active one, else \'default\'
--no-apply	flag	Change the profile only, not the clients
--json	flag	Print the result as JSON'
        case 'server ls'
            string split \n -- '--profile	profile	Which profile of yours; the active one, else \'default\'
--json	flag	Print the result as JSON'
        case 'server show'
            string split \n -- '@	server	
--profile	profile	Which profile of yours; the active one, else \'default\'
--json	flag	Print the result as JSON'
        case 'server pull'
            string split \n -- '@	server...	
--profile	profile	Which profile of yours; the active one, else \'default\''
        case 'server test'
            string split \n -- '@	server	
@	none...	
-e	none	A variable for the server; may be repeated
--url	none	A remote server\'s address
--package	none	pypi:NAME==VERSION or npm:NAME@VERSION
--profile	profile	Which profile of yours; the active one, else \'default\'
--timeout	none	Seconds to wait for the server
--json	flag	Print the result as JSON'
        case 'run'
            string split \n -- '@	none...	
--profile	profile	The profile that counts for it alone
-p	profile	The profile that counts for it alone
--isolated	flag	By a CLAUDE_CONFIG_DIR of its own, for claude as well'
        case 'tools'
            string split \n -- '@	server	
@	tool	
--profile	profile	Which profile of yours; the active one, else \'default\'
--timeout	none	Seconds to wait for the server
--no-broker	flag	Start the server for this once, whatever the broker has
--claude-md	flag	Print a paragraph about them for a CLAUDE.md
--write	flag	With --claude-md: put it into the project\'s CLAUDE.md, or the FILE named
--remove	flag	With --claude-md: take it out of there
--json	flag	Print the result as JSON'
        case 'call'
            string split \n -- '@	server	
@	tool	
--arg	none	An argument; NAME:=JSON as JSON, NAME=@FILE from a file
-a	none	An argument; NAME:=JSON as JSON, NAME=@FILE from a file
--input	none	All arguments as an object; - or @FILE reads it
--output	file	Write what it gives there, images too
-o	file	Write what it gives there, images too
--profile	profile	Which profile of yours; the active one, else \'default\'
--timeout	none	Seconds to wait for the server
--no-broker	flag	Start the server for this once, whatever the broker has
--json	flag	Print the result as JSON'
        case 'profile'
            string split \n -- 'ls	command	List the profiles; \'*\' marks the active one
show	command	Show a profile with all it inherits, without secrets
new	command	Make a profile of your own
copy	command	Copy any profile to one of your own
rm	command	Remove a profile of your own
edit	command	Edit a profile of your own, and check it
validate	command	Check profiles; each fault with file, line and column
schema	command	Print the JSON Schema of a profile, for editors'
        case 'profile ls'
            string split \n -- '--json	flag	Print the result as JSON'
        case 'profile show'
            string split \n -- '@	profile	
--json	flag	Print the result as JSON'
        case 'profile new'
            string split \n -- '@	none	
--description	none	One line about it
--extends	profile	A parent; may be repeated'
        case 'profile copy'
            string split \n -- '@	profile	
@	none	'
        case 'profile rm'
            string split \n -- '@	profile	
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults'
        case 'profile edit'
            string split \n -- '@	profile	'
        case 'profile validate'
            string split \n -- '@	profile...	'
        case 'profile schema'
            string split \n -- ''
        case 'secret'
            string split \n -- 'set	command	Keep a secret
ls	command	List the secrets that are kept and where each is, never a value
rm	command	Forget a secret'
        case 'secret set'
            string split \n -- '@	none	
--keyring	flag	In the system\'s keyring, not in a file'
        case 'secret ls'
            string split \n -- '--json	flag	Print the result as JSON'
        case 'secret rm'
            string split \n -- '@	secret	'
        case 'trust'
            string split \n -- '@	own	
--revoke	flag	Trust it no more
--json	flag	Print the result as JSON'
        case 'allow'
            string split \n -- '@	directory	
--profile	profile	This one, whatever the directory says
--if-allowed	flag	Only where it was allowed before; else say how. For direnv
--revoke	flag	Allow it no more, and take its servers out
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults'
        case 'import'
            string split \n -- '--profile	profile	The profile to write
--client	client	Which client; may be repeated
--scope	scope	user, local or project
--adopt	flag	Then switch to it, taking the entries over
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case 'dotfiles'
            string split \n -- 'install	command	Put a repository\'s profiles, rc blocks and profile in place
uninstall	command	Take out what install made, and give the profile before back
status	command	Show who manages the dotfiles, and what is in place
log	command	Print what install and uninstall did, and could not do'
        case 'dotfiles install'
            string split \n -- '--from	directory	The repository; a URL is cloned
--profile	profile	This profile, whatever [places] says
--adopt	flag	Take over entries of the same name that others wrote
--keep	flag	Leave entries of the same name that others wrote
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case 'dotfiles uninstall'
            string split \n -- '--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case 'dotfiles status'
            string split \n -- '--json	flag	Print the result as JSON'
        case 'dotfiles log'
            string split \n -- ''
        case 'broker'
            string split \n -- 'run	command	Run the broker here, until it is stopped
start	command	Start the broker in the background, and wait for it
stop	command	Stop the broker and the servers that it keeps
restart	command	Stop the broker and start it again
status	command	Show servers, their processes and clients
logs	command	Show the log of a server, or of the broker itself
warm	command	Start servers before somebody needs them
gateway	command	Serve all servers as one, without a key, until Ctrl-C
expose	command	Show how containers reach the broker of this machine
install	command	Make the broker a service of this system
uninstall	command	Take the broker from the system\'s services
reload	command	Have servers\' definitions and keys read again
key	command	Keys of clients that come by TCP'
        case 'broker run'
            string split \n -- '--listen	none	Also serve clients that have a key; may be repeated
--allow-nonlocal	flag	Also where other machines or containers can reach it'
        case 'broker start'
            string split \n -- '--listen	none	Also serve clients that have a key; may be repeated
--allow-nonlocal	flag	Also where other machines or containers can reach it
--if-needed	flag	Do nothing where one runs'
        case 'broker stop'
            string split \n -- ''
        case 'broker restart'
            string split \n -- '--listen	none	Also serve clients that have a key; may be repeated
--allow-nonlocal	flag	Also where other machines or containers can reach it'
        case 'broker status'
            string split \n -- '--json	flag	Print the result as JSON
--watch	flag	Show it anew each second, until Ctrl-C'
        case 'broker logs'
            string split \n -- '@	server	
--follow	flag	Go on with what is added, until Ctrl-C
-f	flag	Go on with what is added, until Ctrl-C
--lines	none	How many of the last lines
-n	none	How many of the last lines'
        case 'broker warm'
            string split \n -- '@	server...	'
        case 'broker gateway'
            string split \n -- '--listen	none	On the loopback address, or on a bridge\'s'
        case 'broker expose'
            string split \n -- '--to	engine	docker or podman; the one that answers, if not said
--by	way	mount or tcp; the better one, if not said
--key	none	For tcp: the key\'s name
--apply	flag	Do what has to be done on this machine
--json	flag	Print the result as JSON'
        case 'broker install'
            string split \n -- '--kind	service	Who is to start it; who does so here, if not said
--print	flag	Print what it would be given; nothing is written
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing'
        case 'broker uninstall'
            string split \n -- '--force	flag	Remove a file that was edited, too
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing'
        case 'broker reload'
            string split \n -- ''
        case 'broker key'
            string split \n -- 'new	command	Make a key for a client, and print the path of its file
ls	command	List the keys, never one of them
revoke	command	Take a key away from the client that has it'
        case 'broker key new'
            string split \n -- '@	none	'
        case 'broker key ls'
            string split \n -- '--json	flag	Print the result as JSON'
        case 'broker key revoke'
            string split \n -- '@	none	'
        case 'logs'
            string split \n -- '@	server	
--follow	flag	Go on with what is added, until Ctrl-C
-f	flag	Go on with what is added, until Ctrl-C
--lines	none	How many of the last lines
-n	none	How many of the last lines'
        case 'export'
            string split \n -- '@	export	
@	file	
--template	manager	Print a dotfiles manager\'s script: chezmoi
--for	script	With --template: claude-code, claude-desktop, bash, zsh, apply
--profile	profile	Which profile the container activates
--mount-broker	flag	Give the container this machine\'s broker
--no-mount-broker	flag	Give the container this machine\'s broker
--by	way	How: mount or tcp
--feature	none	Add mcpconf\'s Feature, by the id it has for you
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
--json	flag	Print the result as JSON'
        case 'env'
            string split \n -- '--explain	flag	Show every piece of evidence and its weight
--json	flag	Print the result as JSON'
        case 'completion'
            string split \n -- '@	shell	'
        case 'serve'
            string split \n -- ''
        case 'uninstall'
            string split \n -- '--purge	flag	Also remove profiles, secrets, history and the installation
--force	flag	Overwrite entries of ours that were edited by hand
--yes	flag	Do not ask; take the defaults
-y	flag	Do not ask; take the defaults
--dry-run	flag	Show what would be done, and do nothing
-n	flag	Show what would be done, and do nothing
--json	flag	Print the result as JSON'
        case '=check'
            string split \n -- 'MC101	value	host or container is known
MC102	value	the evidence agrees with what you said
MC103	value	there is room on the disk
MC104	value	mcpconf\'s directories can be used
MC105	value	the clock runs forward
MC106	value	HOME is yours
MC107	value	mcpconf\'s own files are whole
MC201	value	every client\'s file can be read
MC202	value	every client\'s file is whole and valid JSON
MC203	value	no name stands twice
MC204	value	no entry has characters that can\'t be seen
MC205	value	no byte order mark where a client can\'t stand one
MC206	value	nobody else can read your clients\' files
MC207	value	your clients\' files are yours
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
MC303	value	no client has a url that it can\'t call
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
MC316	value	no entry is of another place\'s mcpconf
MC317	value	every container is listened to
MC318	value	no command needs cmd.exe
MC319	value	addresses mean this place what they say
MC320	value	no server has a name of Claude Code\'s own
MC321	value	Claude can tell all servers apart
MC322	value	names leave room for those of the tools
MC323	value	no entry hides another one
MC324	value	the project\'s servers are approved
MC325	value	no settings switch a server off
MC326	value	no administrator\'s file takes your servers\' place
MC401	value	a profile is active
MC402	value	the active profile can be used
MC403	value	every server of it has a way here
MC404	value	every server of it is in its clients\' files
MC405	value	entries are what the profile says
MC406	value	no better route has come up
MC407	value	no entry of ours was edited by hand
MC408	value	nobody else\'s entry has a name of the profile\'s
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
MC801	value	the host\'s broker is met where it is meant to be
MC802	value	clients\' files outlast the container
MC803	value	there is an engine for servers of images
MC804	value	the broker listens where containers get
MC805	value	no container was left behind
MC806	value	images of servers are here
MC901	value	no client\'s file has a secret in clear
MC902	value	what mcpconf keeps is yours alone
MC903	value	the broker takes all of its keys
MC904	value	no profile has a secret in clear
MC905	value	the project\'s profiles are trusted
MC906	value	no gateway is open to other machines
MC907	value	no container\'s port is open to other machines
MC908	value	no server has the container engine\'s socket
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
MC015	value	the broker\'s service answers
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
MC057	value	mcpconf\'s launcher has what it starts
MC058	value	mcpconf\'s blocks in start-up files are whole
MC059	value	what mcpconf\'s blocks load is there'
        case '=client'
            string split \n -- 'claude-code	value	Claude Code
claude-desktop	value	Claude Desktop'
        case '=color'
            string split \n -- 'auto	value	
always	value	
never	value	'
        case '=engine'
            string split \n -- 'docker	value	
podman	value	'
        case '=env'
            string split \n -- 'auto	value	
host	value	
container	value	'
        case '=export'
            string split \n -- 'devcontainer	value	'
        case '=group'
            string split \n -- 'place	value	
files	value	
entries	value	
routes	value	
toolkit	value	
broker	value	
servers	value	
containers	value	
security	value	
services	value	
shell	value	'
        case '=manager'
            string split \n -- 'chezmoi	value	'
        case '=profile'
            string split \n -- 'container	value	For inside a container: the host\'s servers where they can be reached, else small ones of its own
docker	value	Servers in containers, through the Docker MCP Toolkit
essentials	value	Files, memory, web pages, git and time: the official servers
minimal	value	mcpconf\'s own server alone
research	value	Papers, web pages, notes and step-by-step thinking
web	value	Search, read pages, drive a browser, look up library documentation'
        case '=route'
            string split \n -- 'auto	value	
toolkit	value	
broker	value	
wrapper	value	
direct	value	'
        case '=scope'
            string split \n -- 'user	value	
local	value	
project	value	'
        case '=script'
            string split \n -- 'claude-code	value	
claude-desktop	value	
bash	value	
zsh	value	
apply	value	'
        case '=service'
            string split \n -- 'systemd	value	
launchd	value	
task	value	
container	value	'
        case '=shell'
            string split \n -- 'bash	value	
zsh	value	
fish	value	
powershell	value	
direnv	value	'
        case '=way'
            string split \n -- 'mount	value	
tcp	value	'
    end
end
# --- made by python -m mcpconf.cli.static: end

function __mcpconf_is_name
    string match -qr -- '^[A-Za-z0-9_./][A-Za-z0-9_./-]{0,127}$' "$argv[1]"
end

# Prints where mcpconf keeps its files, as it says itself: the configuration, then the state.
function __mcpconf_places
    set -l chosen "$argv[1]"
    test -n "$chosen"; or set chosen "$MCPCONF_CONFIG_DIR"
    if test -n "$chosen"
        printf '%s\n' "$chosen" "$chosen/state"
        return
    end
    set -l config "$HOME/.config/mcpconf"
    string match -q '/*' -- "$XDG_CONFIG_HOME"; and set config "$XDG_CONFIG_HOME/mcpconf"
    set -l state "$HOME/.local/state/mcpconf"
    string match -q '/*' -- "$XDG_STATE_HOME"; and set state "$XDG_STATE_HOME/mcpconf"
    set -l mac "$HOME/Library/Application Support/mcpconf"
    if not test -e "$state"; and test -e "$mac/state"
        set config "$mac"
        set state "$mac/state"
    end
    printf '%s\n' "$config" "$state"
end

# Prints the profile that is active here, a question mark for one whose name is none.
function __mcpconf_active
    set -l found
    set -l length -1
    if test -n "$MCPCONF_SHELL"; and test -n "$MCPCONF_PROFILE"
        set found "$MCPCONF_PROFILE"
    else
        set -l places (__mcpconf_places $argv)
        test -f "$places[2]/active"; and test -r "$places[2]/active"; or return 0
        while read -l -d \t context profile rest
            switch "$context"
                case user
                    test $length -ge 0; or set found "$profile"
                case 'local:*' 'project:*'
                    set -l directory (string replace -r '^[a-z]+:' '' -- "$context" | string replace -r '/$' '')
                    set -l inside (string sub -l (math (string length -- "$directory") + 1) -- "$PWD/")
                    if test "$inside" = "$directory/"; and test (string length -- "$directory") -ge $length
                        set length (string length -- "$directory")
                        set found "$profile"
                    end
            end
        end <"$places[2]/active"
    end
    test -n "$found"; or return 0
    if __mcpconf_is_name "$found"
        printf '%s' "$found"
    else
        printf '?'
    end
end

function mcpconf_prompt
    __mcpconf_active
end

function __mcpconf_profiles_in
    set -l files $argv[1]/*.toml
    set -q files[1]; or return
    string replace -rf -- '^(?s:.*)/([A-Za-z0-9_.][A-Za-z0-9_.-]{0,127})\.toml$' '$1' $files
end

# KIND: prints the values of that kind. What was found on the line is in variables of ours: a function sees no other.
function __mcpconf_values --argument-names kind
    switch (string replace '...' '' -- $kind)
        case none ''
        case file
            __fish_complete_path (commandline -ct)
        case directory
            __fish_complete_directories (commandline -ct) ''
        case profile own
            set -l directory "$PWD"
            while test -n "$directory" -a "$directory" != "$HOME"
                __mcpconf_profiles_in "$directory/.mcpconf"
                set directory (string replace -r '/[^/]*$' '' -- "$directory")
            end
            test $kind = own; and return
            set -l places (__mcpconf_places "$__mcpconf_config")
            __mcpconf_profiles_in "$places[1]/profiles"
            test "$__mcpconf_path" = switch; and printf '%s\t%s\n' - 'the previous one'
            __mcpconf_words_of '=profile' value
        case server
            set -l profile "$__mcpconf_named"
            test -n "$profile"; or set profile (__mcpconf_active "$__mcpconf_config")
            test -n "$profile"; or return
            __mcpconf_known servers "$profile"; and return
            # Nothing was written down yet: mcpconf itself is asked, which takes longer.
            for word in (command mcpconf __complete servers 2>/dev/null </dev/null)
                __mcpconf_is_name "$word"; and printf '%s\n' $word
            end
        case tool
            __mcpconf_known tools "$__mcpconf_first"
        case secret
            __mcpconf_known secrets ''
        case '*'
            __mcpconf_words_of "="(string replace '...' '' -- $kind) value
    end
end

# SECTION KEY: prints the words that were written down for it. Fails where there is no such line.
function __mcpconf_known
    set -l places (__mcpconf_places "$__mcpconf_config")
    test -f "$places[2]/words"; and test -r "$places[2]/words"; or return 1
    set -l begin $argv[1]\t"=$argv[2]"\t
    while read -l line
        set -l rest (string replace -- $begin '' "$line")
        test "$begin$rest" = "$line"; or continue
        string match -r -- '^[A-Za-z0-9_./][A-Za-z0-9_./-]{0,127}$' (string split ' ' -- "$rest")
        return 0
    end <"$places[2]/words"
    return 1
end

# KEY KIND: prints the words of that kind with their help.
function __mcpconf_words_of
    __mcpconf_table "$argv[1]" | string replace -rf -- '^([^@\t][^\t]*)\t'$argv[2]'\t(.*)$' '$1\t$2'
end

# KEY WORD: prints what kind of word it is there; nothing for one that is none.
function __mcpconf_kind
    set -l word (string escape --style=regex -- "$argv[2]")
    __mcpconf_table "$argv[1]" | string replace -rf -- '^'$word'\t([^\t]*)\t.*' '$1'
end

function __mcpconf_complete
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l current (commandline -ct)
    set -g __mcpconf_path
    set -g __mcpconf_config
    set -g __mcpconf_named
    set -g __mcpconf_first
    set -l pending
    set -l position 1
    while set -q tokens[1]
        set -l word $tokens[1]
        set -e tokens[1]
        if test -n "$pending"
            switch "$pending"
                case profile
                    set __mcpconf_named "$word"
                case --config-dir
                    set __mcpconf_config "$word"
            end
            set pending
            continue
        end
        if test "$word" = --
            __mcpconf_command $tokens
            return
        end
        set -l name (string replace -r '=.*' '' -- "$word")
        set -l kind (__mcpconf_kind "$__mcpconf_path" "$name")
        string match -q -- '-*' "$word"; and test -z "$kind"; and set kind (__mcpconf_kind '' "$name")
        switch "$word"
            case '--config-dir=*'
                set __mcpconf_config (string replace -r '^[^=]*=' '' -- "$word")
            case '--profile=*'
                set __mcpconf_named (string replace -r '^[^=]*=' '' -- "$word")
            case --config-dir
                set pending --config-dir
            case '-*=*'
            case '-*'
                test -z "$kind"; or test "$kind" = flag; or set pending $kind
            case '*'
                if test "$kind" = command
                    set __mcpconf_path (string trim -- "$__mcpconf_path $word")
                else
                    set -l inner (__mcpconf_words_of "$__mcpconf_path" command)
                    set -q inner[1]; and return # no command of ours
                    test -n "$__mcpconf_first"; or set __mcpconf_first "$word"
                    set position (math $position + 1)
                end
        end
    end
    if test -n "$pending"
        test "$pending" = --config-dir; and set pending directory
        __mcpconf_values $pending
    else if string match -q -- '--*=*' "$current"
        set -l name (string replace -r '=.*' '' -- "$current")
        set -l kind (__mcpconf_kind "$__mcpconf_path" "$name")
        test -n "$kind"; or set kind (__mcpconf_kind '' "$name")
        contains -- "$kind" flag file directory ''; or __mcpconf_values $kind | string replace -r '^' -- "$name="
    else if string match -q -- '-*' "$current"
        for key in "$__mcpconf_path" ''
            __mcpconf_table "$key" | string replace -rf -- '^(-[^\t]*)\t[^\t]*\t(.*)$' '$1\t$2'
            test -n "$__mcpconf_path"; or break
        end
    else
        __mcpconf_words_of "$__mcpconf_path" command
        set -l kinds (__mcpconf_table "$__mcpconf_path" | string replace -rf -- '^@\t([^\t]*)\t.*' '$1')
        if set -q kinds[$position]
            __mcpconf_values $kinds[$position]
        else if string match -q -- '*...' "$kinds[-1]"
            __mcpconf_values $kinds[-1]
        end
    end
end

# Another program's command line, after --.
function __mcpconf_command
    if test (count $argv) -eq 0
        __fish_complete_command
    else
        complete -C (string join ' ' -- (string escape -- $argv) (commandline -ct))
    end
end

complete -c mcpconf -e
complete -c mcpconf -f -k -a '(__mcpconf_complete)'

# --- The hook, and PATH

if test "$MCPCONF_HOOK" = 1
    # In a directory that asks for a profile which is not active there, says how to get it. It activates nothing.
    function __mcpconf_hook --on-variable PWD
        set -l directory "$PWD"
        while test -n "$directory" -a "$directory" != "$HOME"
            if test -f "$directory/.mcpconf/profile"; and test -r "$directory/.mcpconf/profile"
                read -l -n 129 wanted <"$directory/.mcpconf/profile"
                if __mcpconf_is_name "$wanted"; and test "$wanted" != (__mcpconf_active; echo)
                    printf 'mcpconf: this directory asks for the profile %s; to use it: mcpconf allow\n' $wanted >&2
                end
                return
            end
            set directory (string replace -r '/[^/]*$' '' -- "$directory")
        end
    end
    __mcpconf_hook
end

if not contains -- "$HOME/.local/bin" $PATH; and test -x "$HOME/.local/bin/mcpconf"
    set -gx PATH $PATH "$HOME/.local/bin"
end
