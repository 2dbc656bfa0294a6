"""A data directory with the wrapper in it, for each module: making one is slower than running it."""

from __future__ import annotations

import pytest

from tests.wrapper.installed import Installed, install


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("a data directory") / "mcpconf")
