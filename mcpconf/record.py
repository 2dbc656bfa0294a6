"""`dataclass` for start-up: the same words, a tenth of the time to define a class.

The standard library compiles half a dozen methods anew for every class, 0.8 ms each with slots; 74 of them were 63 of
the 100 ms that `mcpconf switch` took to import, and the modules it needs for that another 16. Here the methods are
closures over the names of the fields. What is left out: ordering, `__post_init__`, weak references.

mypy understands them by PEP 681; tools that look for `__dataclass_fields__` do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_MISSING = object()
_set = object.__setattr__


class _Field:
    """A field with more to say than a default value."""

    __slots__ = ("default", "factory", "repr")

    def __init__(self, default: Any, factory: Callable[[], Any] | None, repr_: bool) -> None:
        self.default = default
        self.factory = factory
        self.repr = repr_


def field(*, default: Any = _MISSING, default_factory: Callable[[], Any] | None = None, repr: bool = True) -> Any:
    """A default made anew for each value, or a field that `repr` leaves out."""
    return _Field(default, default_factory, repr)


@overload
def dataclass(cls: type[T], /) -> type[T]: ...
@overload
def dataclass(*, frozen: bool = False, slots: bool = False, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(field_specifiers=(field,))
def dataclass(
    cls: type[Any] | None = None, /, *, frozen: bool = False, slots: bool = False, kw_only: bool = False
) -> Any:
    """Make a class of its annotations, as the standard library's decorator does."""
    if cls is not None:
        return _make(cls, frozen=False, slots=False, kw_only=False)
    return lambda decorated: _make(decorated, frozen=frozen, slots=slots, kw_only=kw_only)


def _make(cls: type[Any], *, frozen: bool, slots: bool, kw_only: bool) -> type[Any]:
    space = dict(cls.__dict__)
    inherited: dict[str, _Field] = getattr(cls, "__specs__", {})
    own = tuple(cls.__annotations__) if "__annotations__" in space else ()
    fields = {**inherited, **{name: _as_field(space.pop(name, _MISSING)) for name in own}}
    names = tuple(fields)
    methods = {
        "__init__": _init(cls.__name__, names, fields, kw_only),
        "__repr__": _repr(cls, tuple(name for name in names if fields[name].repr)),
        "__eq__": _eq(names),
        "__hash__": _hash(names) if frozen else None,
        "__match_args__": () if kw_only else names,
        "__fields__": names,
        "__specs__": fields,
        "__copy__": lambda self: self,
    }
    if not frozen:
        del methods["__copy__"]
    else:
        methods |= {"__setattr__": _refuse_set, "__delattr__": _refuse_del, "__reduce__": _reduce}
    space = {**methods, **space} | ({"__slots__": own} if slots else {})
    for name in ("__dict__", "__weakref__"):
        space.pop(name, None)
    made: type[Any] = type(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__
    return made


def _as_field(default: Any) -> _Field:
    if isinstance(default, _Field):
        return default
    if isinstance(default, (list, dict, set)):
        raise ValueError(f"a mutable default {default!r} would be shared; use field(default_factory=...)")
    return _Field(default, None, True)


def _init(owner: str, names: tuple[str, ...], fields: Mapping[str, _Field], kw_only: bool) -> Callable[..., None]:
    positional = 0 if kw_only else len(names)

    def __init__(self: Any, *args: Any, **given: Any) -> None:  # noqa: N807
        if len(args) > positional:
            raise TypeError(f"{owner} takes {positional} positional arguments but {len(args)} were given")
        for name, value in zip(names, args, strict=False):
            if name in given:
                raise TypeError(f"{owner} got two values for {name!r}")
            _set(self, name, value)
        for name in names[len(args) :]:
            _set(self, name, given.pop(name) if name in given else _default(owner, name, fields[name]))
        if given:
            raise TypeError(f"{owner} has no {', '.join(map(repr, given))}")

    return __init__


def _default(owner: str, name: str, one: _Field) -> Any:
    if one.factory is not None:
        return one.factory()
    if one.default is _MISSING:
        raise TypeError(f"{owner} needs {name!r}")
    return one.default


def _values(self: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in names])


def _repr(cls: type[Any], names: tuple[str, ...]) -> Callable[[Any], str]:
    def __repr__(self: Any) -> str:  # noqa: N807
        return f"{cls.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _eq(names: tuple[str, ...]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _values(self, names) == _values(other, names)

    return __eq__


def _hash(names: tuple[str, ...]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(_values(self, names))

    return __hash__


def _refuse_set(self: Any, name: str, _value: Any) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: {name!r} can't be set")


def _refuse_del(self: Any, name: str) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: {name!r} can't be deleted")


def _reduce(self: Any) -> tuple[Any, ...]:
    """Copies and pickles are made by giving the fields again."""
    return _restore, (type(self), {name: getattr(self, name) for name in self.__fields__})


def _restore(cls: type[T], values: Mapping[str, Any]) -> T:
    return cls(**values)


def replace(value: T, /, **changes: Any) -> T:
    """A copy with some fields changed."""
    names: tuple[str, ...] = value.__fields__  # type: ignore[attr-defined]
    return type(value)(**{name: getattr(value, name) for name in names} | changes)


def asdict(value: Any) -> dict[str, Any]:
    """A value and all values in it as dicts; tuples and lists stay what they are."""
    return {name: _plain(getattr(value, name)) for name in value.__fields__}


def _plain(value: Any) -> Any:
    if hasattr(type(value), "__fields__"):
        return asdict(value)
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(one) for one in value)
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value
