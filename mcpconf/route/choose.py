"""One route for each server, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from mcpconf.model import Note, Profile, RouteName, Server
from mcpconf.record import replace
from mcpconf.route import broker, direct, toolkit, wrapper
from mcpconf.route.context import Context
from mcpconf.route.image import has_network
from mcpconf.route.launch import Launch, Routed
from mcpconf.route.offer import Offer, Refusal

Route = Callable[[Server, Context], Offer | Refusal]

ROUTES: Mapping[RouteName, Route] = {
    RouteName.TOOLKIT: toolkit.offer,
    RouteName.BROKER: broker.offer,
    RouteName.WRAPPER: wrapper.offer,
    RouteName.DIRECT: direct.offer,
}
AUTO = (RouteName.TOOLKIT, RouteName.BROKER, RouteName.WRAPPER, RouteName.DIRECT)


def choose(profile: Profile, context: Context, *, forced: RouteName | None = None) -> tuple[Routed, ...]:
    """Route every server that this client is to have. A server that nothing can serve keeps its place and says why."""
    context = replace(context, order=profile.order, toolkit_profile=profile.toolkit)
    wanted = [s for s in profile.servers if not s.disabled and (not s.clients or context.spec.id in s.clients)]
    routed = [_route(server, profile.order, context, forced) for server in wanted]
    return tuple(_enter(one, context.target.enter) for one in _share(routed, context))


def _route(server: Server, order: Sequence[RouteName], context: Context, forced: RouteName | None) -> Routed:
    refusals: list[tuple[RouteName, Refusal]] = []
    for name in _candidates(server, order, context, forced):
        answer = ROUTES[name](server, context)
        if isinstance(answer, Offer):
            notes = answer.notes + _filter_note(server) + _network_note(server, name)
            return Routed(server, name, answer.because, answer.entry or server.name, answer.launch, notes)
        refusals.append((name, answer))
    reasons = "; ".join(f"{name}: {refusal.reason}" for name, refusal in refusals)
    hint = next((refusal.hint for _, refusal in reversed(refusals) if refusal.hint), None)
    return Routed(server, None, reasons, server.name, hint=hint)


def _candidates(
    server: Server, order: Sequence[RouteName], context: Context, forced: RouteName | None
) -> Iterable[RouteName]:
    """What was asked for, most explicit first; else the house's own order."""
    if forced is not None:
        return (forced,)
    if server.routes or order:
        return server.routes or order
    if context.portable:
        return (RouteName.WRAPPER, RouteName.DIRECT)
    automatic = [RouteName.TOOLKIT] if server.toolkit else []
    automatic += [RouteName.BROKER] if broker.is_worth(server, context) else []
    automatic += [RouteName.WRAPPER] if wrapper.is_worth(server, context) else []
    return (*automatic, RouteName.DIRECT)


def _filter_note(server: Server) -> tuple[Note, ...]:
    if not server.tools:
        return ()
    return (Note(f"{server.name}: only the gateway filters tools; by this entry the client sees all of them"),)


def _network_note(server: Server, route: RouteName) -> tuple[Note, ...]:
    """Until the profile says which: a server that can't reach what it needs seldom says so in words that help."""
    if server.image is None or route is RouteName.TOOLKIT or has_network(server.container) is not None:
        return ()
    text = f"{server.name}: its container has no network, since the profile names none"
    table = f"[servers.{server.name}.container]"
    return (Note(text, hint=f'network = "bridge" in {table}, or "none" to have it so (mcpconf profile edit)'),)


def _share(routed: list[Routed], context: Context) -> tuple[Routed, ...]:
    """Give the servers of one shared entry the launch that serves all of them."""
    shared = [one for one in routed if one.route is RouteName.TOOLKIT and one.launch is not None]
    if not shared:
        return tuple(routed)
    launch = toolkit.merge(tuple(one.server for one in shared), context, shared[0].launch or Launch())
    return tuple(replace(one, launch=launch) if one in shared else _apart(one) for one in routed)


def _apart(one: Routed) -> Routed:
    """A server of the shared entry's own name can't have an entry beside it."""
    if one.launch is None or one.entry != toolkit.ENTRY:
        return one
    reason = f"its name is that of the Docker Toolkit's entry, {toolkit.ENTRY}"
    return Routed(one.server, None, reason, one.entry, hint="rename it in the profile: mcpconf profile edit")


def _enter(routed: Routed, enter: tuple[str, ...]) -> Routed:
    return routed if routed.launch is None else replace(routed, launch=routed.launch.through(enter))
