"""Logs: small, private, and without secrets."""

from __future__ import annotations

from pathlib import Path

from mcpconf.broker.upstream.logfile import LIMIT, LINE, LogFile


def log(path: Path) -> LogFile:
    return LogFile(str(path), lambda: 0.0)


def test_each_line_has_its_time_and_no_secret(tmp_path: Path) -> None:
    file = log(tmp_path / "a.log")
    file.write("one sesame\ntwo", ("sesame",))
    file.close()
    lines = (tmp_path / "a.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one ***", "two"]
    assert (tmp_path / "a.log").stat().st_mode & 0o777 == 0o600


def test_a_full_one_is_put_aside_once(tmp_path: Path) -> None:
    file = log(tmp_path / "a.log")
    for _ in range(2 * LIMIT // LINE + 10):
        file.write("x" * 2 * LINE)
    file.close()
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("a.log*")}
    assert set(sizes) == {"a.log", "a.log.1"}
    assert max(sizes.values()) <= LIMIT + 2 * LINE


def test_one_that_cant_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "link", tmp_path / "none/a.log"):
        file = log(path)
        file.write("x")
        file.close()
    assert not (tmp_path / "elsewhere").exists()
