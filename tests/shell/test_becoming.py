"""Each way in which install.sh, as root, becomes somebody else: the words arrive as they were said."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.real.programs import ROOT, require

WAYS = ("setpriv", "runuser", "su")
# Those before it do not work here.
SCRIPT = """\
mcpconf_functions_only=1
. "$0"
for each in $1; do eval "$each() { return 1; }"; done
as_user nobody 65534 65534 env "WORD=it's \\$HOME" sh -c 'id -u; echo "$WORD|$1|$2"' _ "two  words" "q'uote"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("way", WAYS)
def test_root_becomes_the_user_by_each_way_that_there_is(way: str) -> None:
    before = " ".join(WAYS[: WAYS.index(way)])
    require(way)
    said = subprocess.run(
        ["/bin/sh", "-c", SCRIPT, str(ROOT / "shell/install.sh"), before],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == ["65534", "it's $HOME|two  words|q'uote"]
