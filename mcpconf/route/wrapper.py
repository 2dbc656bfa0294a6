"""The wrapper route: one shipped bash script, and for each server a data file that it reads when it starts.

The data file is a run of NUL-ended fields, so that any text stands in it as it is and bash reads it without
evaluating anything: the format and the server's name, then records of a tag and its parts. The tags are the
script's whole language:

    way LABEL               start of an alternative; the label is what the script calls it, the program as written
    engine LABEL            the same, of a client of a container engine: where none answers it is left out. The script
                            gives the container a name and labels, and watches over it
    broker NAME PYTHON P    the broker, which keeps the server under that name; PYTHON runs the shim where it is there,
                            and P is `project` or empty: whether the broker is to be told of the client's project
    endpoint HOST:PORT      where MCP is spoken in lines
    image NAME              what the engine has to have for this way, without pulling it
    cwd | arg | env NAME    begin a value, followed by its parts; the first `arg` is the program
    lit TEXT                text as it is
    var NAME, def NAME TEXT the variable NAME, with TEXT where it is unset
    sec NAME                the variable NAME, else the secret of that name
    end                     ends a value
    stop                    the last field of a whole file

The file's order is the one in which the script tries. Its number changes when an older file would be read wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mcpconf.client.paths import join
from mcpconf.model import RouteName, Server
from mcpconf.profile.variables import Literal, Secret, Variable
from mcpconf.record import dataclass, field, replace
from mcpconf.route import broker
from mcpconf.route.context import Context
from mcpconf.route.image import pulls
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Offer, Refusal
from mcpconf.route.values import has_reference, has_secret, parts
from mcpconf.route.ways import usable

ANYWHERE = ("npx", "uvx")  # what starts packages, by names that are the same in every place
MAGIC = "mcpconf-wrapper 1"
SCRIPT = "mcpconf-wrapper.bash"


def offer(server: Server, context: Context) -> Offer | Refusal:
    """Fits wherever bash is and a way can be taken; a shared file can't name it, since it lies in the home."""
    if context.target.portable:
        return Refusal("a shared .mcp.json can't name a file of this machine")
    if context.platform == "windows" or "bash" not in context.which:
        return Refusal("there is no bash here", hint="install bash, or use --route direct")
    found = _ways(server, context)
    if found.empty:
        return Refusal("none of its ways starts a process here")
    try:
        return Offer(_launch(server, found, context), _because(server, found, context))
    except ValueError:
        return Refusal("one of its values can't be given to a process: it holds a NUL or half a character")


@dataclass(frozen=True, slots=True)
class Ways:
    """What the script may choose from. `broker` holds the fields of that way, `files` what it needs; `last`: the
    profile names it behind the wrapper."""

    launches: tuple[Launch, ...] = ()
    broker: tuple[str, str, str] | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    endpoint: str | None = None
    last: bool = False

    @property
    def empty(self) -> bool:
        return not (self.launches or self.broker or self.endpoint)

    def __len__(self) -> int:
        return len(self.launches) + bool(self.broker) + bool(self.endpoint)


def _ways(server: Server, context: Context) -> Ways:
    endpoint = server.endpoint and server.endpoint.removeprefix("tcp:")
    # Containers come before what this place would have to bring itself; everything else as the profile has it.
    launches = sorted(_launches(replace(server, endpoint=None), context), key=lambda launch: launch.image is None)
    kept = broker.kept(server, context) if _wants_broker(server, context) else None
    if kept is None:
        return Ways(tuple(launches), endpoint=endpoint)
    name, files = kept
    project = "project" if broker.wants_project(server, context) else ""
    order = server.routes or context.order
    last = RouteName.WRAPPER in order and order.index(RouteName.WRAPPER) < order.index(RouteName.BROKER)
    return Ways(tuple(launches), (name, context.python or "", project), files, endpoint, last)


def _wants_broker(server: Server, context: Context) -> bool:
    """Where somebody says which routes, those are the ones; else what the profile wants."""
    order = server.routes or context.order
    return RouteName.BROKER in order if order else context.autostart


def _launches(server: Server, context: Context) -> tuple[Launch, ...]:
    """The ways that start a process; where other places share the entry, also by the bare names of programs.

    There they may lie elsewhere, and a program that is missing here may be there: the script looks when it starts.
    """
    found = usable(server, context)
    if context.portable:
        names = {name: name for name in (*ANYWHERE, server.command or "")}
        bare = replace(context, target=replace(context.target, portable=True), which=names)
        found += tuple(launch for launch in usable(server, bare) if launch not in found)
    return tuple(launch for launch in found if launch.command)


def is_worth(server: Server, context: Context) -> bool:
    """Whether `auto` should take it: more than one way to offer, something to fill in, or a container to watch over."""
    launches = usable(server, context)
    if any(launch.url for launch in launches):
        return False
    if server.endpoint or (_wants_broker(server, context) and broker.kept(server, context)):
        return True
    late = any(has_secret(launch) or (has_reference(launch) and not context.spec.expands) for launch in launches)
    contained = any(launch.image is not None for launch in launches)
    return len(launches) > 1 or late or contained or server.directory is not None


def _because(server: Server, found: Ways, context: Context) -> str:
    launches = found.launches
    if context.portable:
        return "one entry for every place that mounts this home"
    if any(map(has_secret, launches)):
        return "it fills in a secret when the server starts"
    if any(map(has_reference, launches)) and not context.spec.expands:
        return f"it fills in the variables that {context.spec.title} does not"
    if len(found) > 1:
        return f"it has {len(found)} ways to choose from when it starts"
    if server.directory:
        return "it sets the working directory"
    return "it watches over its container" if any(launch.image for launch in launches) else "asked for"


def _launch(server: Server, found: Ways, context: Context) -> Launch:
    link = join(context.platform, context.data, "wrapper", file_name(server.name, context))
    shown = link
    if context.portable and link.startswith(context.home + "/") and context.spec.expands:
        shown = "${HOME}" + link.removeprefix(context.home)
    files = {**found.files, link: data_file(server, found)}
    if context.noexec:
        # Bash may read what the system would not start. Another place that shares the entry may have another bash.
        bash = "bash" if context.portable else context.which["bash"]
        return Launch(command=bash, args=(shown,), timeout=server.timeout, files=files)
    return Launch(command=shown, timeout=server.timeout, files=files)


def file_name(server: str, context: Context) -> str:
    """`mcp-SERVER`, with the client and the project's digest where these make another file of it."""
    return f"mcp-{server}{'' if context.spec.expands else f'.{context.spec.id}'}{context.of_project}"


def data_file(server: Server, found: Ways) -> bytes:
    """The fields that the script reads for one server. Raises ValueError for what no process can be given."""
    to_broker = ["broker", *found.broker] if found.broker else []
    fields = [MAGIC, server.name, *([] if found.last else to_broker)]
    fields += ["endpoint", found.endpoint] if found.endpoint else []
    for launch in found.launches:
        fields += _process(server, launch)
    fields += to_broker if found.last else []
    if any("\0" in field for field in fields):
        raise ValueError(f"{server.name}: a value holds a NUL character")
    return "".join(field + "\0" for field in (*fields, "stop")).encode("utf-8", "surrogateescape")


def _process(server: Server, launch: Launch) -> Iterator[str]:
    yield from ("way" if launch.image is None else "engine", launch.command or "")
    if launch.image is not None and not pulls(server.container):
        yield from ("image", launch.image)
    if server.directory:
        yield from ("cwd", *_value(server.directory))
    for name, value in launch.env.items():
        yield from ("env", name, *_value(value))
    for argument in (launch.command or "", *launch.args):
        yield from ("arg", *_value(argument))


def _value(text: str) -> Iterator[str]:
    for part in parts(text):
        if isinstance(part, Secret):
            yield from ("sec", part.name)
        elif isinstance(part, Variable):
            yield from ("var", part.name) if part.default is None else ("def", part.name, part.default)
        elif isinstance(part, Literal):
            yield from ("lit", part.text)
    yield "end"
