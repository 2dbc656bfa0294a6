"""Our light dataclasses behave as the standard library's, where they offer the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from mcpconf import record


@record.dataclass(frozen=True, slots=True)
class Point:
    """Two numbers and a list."""

    x: int
    y: int = 2
    marks: tuple[str, ...] = ()
    seen: dict[str, int] = record.field(default_factory=dict)

    def sum(self) -> int:
        return self.x + self.y


@record.dataclass(slots=True, kw_only=True)
class Run:
    """Mutable, by keyword only, with something that nobody should see."""

    name: str
    secret: str = record.field(default="s", repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    x: int
    y: int = 2
    marks: tuple[str, ...] = ()
    seen: dict[str, int] = dataclasses.field(default_factory=dict)


@pytest.mark.parametrize(
    ("args", "more"),
    [
        ((1,), {}),
        ((1, 3), {"marks": ("a",)}),
        ((), {"x": 4}),
        ((), {}),
        ((1,), {"x": 2}),
        ((1, 2, (), {}, 5), {}),
        ((1,), {"z": 1}),
    ],
)
def test_it_takes_and_refuses_the_same_arguments(args: tuple[Any, ...], more: dict[str, Any]) -> None:
    try:
        expected: Any = dataclasses.asdict(Reference(*args, **more))
    except TypeError:
        with pytest.raises(TypeError, match="Point"):
            Point(*args, **more)
    else:
        assert record.asdict(Point(*args, **more)) == expected


def test_values_are_compared_and_hashed_by_what_they_hold() -> None:
    assert Point(1) == Point(1, 2)
    assert Point(1) != Point(2)
    assert Point(1) != Reference(1)
    assert hash(Run.__init__) is not None
    a, b = Choice("x"), Choice("x")
    assert len({a, b}) == 1
    with pytest.raises(TypeError):
        hash(Run(name="a"))


@record.dataclass(frozen=True, slots=True)
class Choice:
    """Hashable all through."""

    name: str
    inner: Point | None = None


def test_a_frozen_value_can_not_be_changed() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del point.x
    with pytest.raises(AttributeError):
        point.other = 2  # type: ignore[attr-defined]


def test_a_mutable_one_can_and_hides_what_it_should() -> None:
    run = Run(name="a", secret="hush")
    run.name = "b"
    assert repr(run) == "Run(name='b')"
    with pytest.raises(TypeError):
        Run("a")  # type: ignore[misc]


def test_defaults_are_made_anew_and_mutable_ones_refused() -> None:
    assert Point(1).seen is not Point(1).seen
    with pytest.raises(ValueError, match="shared"):

        @record.dataclass(frozen=True)
        class Bad:
            names: list[str] = []  # noqa: RUF012


def test_replace_copy_and_pickle_keep_the_fields() -> None:
    point = Point(1, marks=("a",))
    assert record.replace(point, y=5) == Point(1, 5, ("a",))
    assert copy.copy(point) is point
    assert copy.deepcopy(point) == point
    assert pickle.loads(pickle.dumps(point)) == point
    assert point.sum() == 3


def test_asdict_goes_into_values_lists_and_dicts() -> None:
    assert record.asdict(Choice("a", Point(1, marks=("b",)))) == {
        "name": "a",
        "inner": {"x": 1, "y": 2, "marks": ("b",), "seen": {}},
    }


def test_a_bare_decorator_works_and_patterns_match() -> None:
    @record.dataclass
    class Plain:
        a: int

    match Plain(3):
        case Plain(a):
            assert a == 3
