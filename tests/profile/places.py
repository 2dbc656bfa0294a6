"""Profiles as a dictionary, where there would be directories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mcpconf.model import Layer
from mcpconf.profile.load import Found

LAYERS = tuple(Layer)


@dataclass
class Shelf:
    """Texts by layer and name; the names of those that are untrusted."""

    project: Mapping[str, str] = field(default_factory=dict)
    user: Mapping[str, str] = field(default_factory=dict)
    shipped: Mapping[str, str] = field(default_factory=dict)
    untrusted: frozenset[str] = frozenset()
    asked: list[tuple[str, Layer | None]] = field(default_factory=list)

    def find(self, name: str, /, *, above: Layer | None) -> Found | None:
        self.asked.append((name, above))
        behind = LAYERS if above is None else LAYERS[LAYERS.index(above) + 1 :]
        for layer in behind:
            text = getattr(self, layer.value).get(name)
            if text is not None:
                trusted = layer is not Layer.PROJECT or name not in self.untrusted
                return Found(text, f"/{layer.value}/{name}.toml", layer, trusted)
        return None
