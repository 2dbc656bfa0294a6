"""What a broker is started with."""

from __future__ import annotations

import pytest

from mcpconf.broker.options import Given, parse
from mcpconf.errors import UsageError


def test_all_options_are_read() -> None:
    given = parse(["--config-dir", "/c", "--listen=tcp:127.0.0.1:8812", "--listen", "tcp:[::1]:0", "--ready-fd", "3"])
    assert given == Given(config="/c", listen=(("127.0.0.1", 8812), ("::1", 0)), ready=3)


@pytest.mark.parametrize(
    "words",
    [
        ["--listen", "127.0.0.1:1"],
        ["--listen", "tcp:localhost:1"],
        ["--listen", "tcp:127.0.0.1:99999"],
        ["--listen"],
        ["--ready-fd", "x"],
        ["--what"],
        ["word"],
    ],
)
def test_what_is_wrong_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(words)


@pytest.mark.parametrize("address", ["tcp:0.0.0.0:1", "tcp:172.17.0.1:1", "tcp:[::]:1"])
def test_beyond_loopback_nothing_listens_unless_asked(address: str) -> None:
    with pytest.raises(UsageError, match="other machines") as caught:
        parse(["--listen", address])
    assert "--allow-nonlocal" in (caught.value.hint or "")
    assert len(parse(["--listen", address, "--allow-nonlocal"]).listen) == 1
