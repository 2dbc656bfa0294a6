"""The system's keyring, through the package of that name: an extra, and imported only where a secret is in it.

Whatever goes wrong with it is `NoKeyring`: a backend is code of many hands, and each raises what it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from mcpconf.errors import McpconfError
from mcpconf.extras import install

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "mcpconf"
T = TypeVar("T")


class NoKeyring(McpconfError):
    """The keyring can't be used."""


def get(name: str) -> str | None:
    """A secret; None where the keyring has none of that name. Raises `NoKeyring`."""
    return _ask(name, lambda keyring: keyring.get_password(SERVICE, name))


def put(name: str, value: str) -> None:
    """Keep a secret. Raises `NoKeyring`, also where the keyring took it and has not got it."""

    def kept(keyring: KeyringBackend) -> bool:
        keyring.set_password(SERVICE, name, value)
        return keyring.get_password(SERVICE, name) == value

    if not _ask(name, kept):
        raise NoKeyring("the keyring did not keep the secret", hint=_instead(name))


def drop(name: str) -> None:
    """Forget a secret, if it is there. Raises `NoKeyring`."""

    def dropped(keyring: KeyringBackend) -> None:
        if keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)

    _ask(name, dropped)


def _ask(name: str, question: Callable[[KeyringBackend], T]) -> T:
    try:
        import keyring
        from keyring.errors import NoKeyringError
    except ImportError:
        raise NoKeyring(
            "mcpconf was installed without its extra for keyrings", hint=install("keyring", "keyring")
        ) from None
    try:
        return question(keyring.get_keyring())
    except NoKeyringError:
        raise NoKeyring("this machine has no keyring that can be used", hint=_instead(name)) from None
    except Exception as problem:
        said = " ".join(str(problem).split()) or "no reason given"
        raise NoKeyring(f"the keyring can't be used: {type(problem).__name__}: {said}", hint=_instead(name)) from None


def _instead(name: str) -> str:
    return f"mcpconf secret set {name} (without --keyring: in a file that only you can read)"
