"""From a name and a table of the configuration to an adapter.

An adapter is a dataclass whose fields are its settings. Here a table is held against those fields: unknown keys,
missing keys and wrong values all become :class:`~scanner_daemon.errors.Mistake`; what is left can be built.

Installed packages add drivers of their own through the entry point groups ``scanner_daemon.scanners``,
``scanner_daemon.loyalty``, ``scanner_daemon.displays``, ``scanner_daemon.cards`` and ``scanner_daemon.till``.
"""

import dataclasses
import difflib
import functools
import importlib
import importlib.metadata
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Protocol, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, create_model

from scanner_daemon.errors import Mistake


class SecretFinder(Protocol):
    """Knows where secrets come from."""

    def __call__(self, name: str, given: object, /, *, required: bool) -> SecretStr | None:
        """Return the secret of the field ``name``, ``None`` where there is none.

        ``given`` is the value of its ``<field>_file`` key. Raises ``ValueError("expected …, got …")`` for a file that
        cannot be read; it may do so for one that is ``required`` and nowhere.
        """


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An adapter that is right but not built yet: one configuration can be run many times."""

    driver: type[Any]
    settings: Mapping[str, Any]

    def build(self) -> Any:
        """Return a new adapter; touches no device, file or network."""
        return self.driver(**self.settings)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in which file a table stands."""

    file: str
    key: str

    def mistake(self, key: str, *, expected: str, got: str, known: Iterable[str] = ()) -> Mistake:
        """Return a mistake at ``key`` below this place, with the nearest of the ``known`` words as a hint."""
        written = key if got == "an unknown key" else got.strip("'\"")
        near = difflib.get_close_matches(written.rpartition(".")[2], list(known), n=1)
        return Mistake(
            file=self.file,
            key=f"{self.key}.{key}" if self.key and key else self.key or key,
            expected=expected,
            got=got,
            did_you_mean=near[0] if near else None,
        )


def find(drivers: Mapping[str, str], name: str, *, group: str) -> type[Any] | None:
    """Return the class called ``name``: a built-in one, or an installed package's; ``None`` where nobody has it."""
    if name in drivers:
        module, _, attribute = drivers[name].partition(":")
        return _class(importlib.import_module(module), attribute)
    for entry_point in importlib.metadata.entry_points(group=group, name=name):
        return _class(entry_point.load(), "")
    return None


def part(
    driver: type[Any],
    table: Mapping[str, Any],
    place: Place,
    *,
    secret: SecretFinder,
    beside: Collection[str] = (),
) -> tuple[Part | None, list[Mistake]]:
    """Hold ``table`` against the fields of ``driver``; return the part, or every mistake in the table.

    Keys ``beside`` are somebody else's: they may be there and are left alone.
    """
    hints, fields = _hints(driver), _fields(driver)
    secrets = {name for name in fields if hints[name] in _SECRETS}
    keys = {f"{name}_file" if name in secrets else name for name in fields} | set(beside)

    mistakes = [
        place.mistake(key, expected=f"one of {' '.join(sorted(keys))}", got="an unknown key", known=keys)
        for key in table
        if key not in keys
    ]
    settings, found = _values(driver, table, place)
    mistakes += found
    for name in sorted(secrets):
        try:
            value = secret(name, table.get(f"{name}_file"), required=hints[name] is SecretStr)
        except ValueError as error:
            mistakes.append(_told(place, f"{name}_file", error, table.get(f"{name}_file")))
        else:
            if value is not None:
                settings[name] = value
            elif _required(fields[name]):
                mistakes.append(place.mistake(f"{name}_file", expected="a file with the secret", got="nothing"))
    if mistakes:
        return None, mistakes
    return _proved(Part(driver=driver, settings=settings), place)


def _proved(made: Part, place: Place) -> tuple[Part | None, list[Mistake]]:
    """Build once and throw away: the adapter's own checks across its fields speak."""
    try:
        made.build()
    except ValueError as error:
        return None, [_told(place, "", error, made.settings)]
    return made, []


def _values(driver: type[Any], table: Mapping[str, Any], place: Place) -> tuple[dict[str, Any], list[Mistake]]:
    model = _model(driver)  # type: ignore[arg-type]  # mypy does not see that any class is hashable
    given = {key: value for key, value in table.items() if key in model.model_fields}
    try:
        values = model.model_validate(given)
    except ValidationError as error:
        return {}, [_from_pydantic(place, detail, _hints(driver)) for detail in error.errors()]
    return {name: getattr(values, name) for name in given}, []


@functools.cache
def _model(driver: type[Any]) -> type[BaseModel]:
    """Return what a table of ``driver`` is held against. It takes time to make, and a lane has scanners of a kind."""
    hints = _hints(driver)
    definitions: dict[str, Any] = {
        name: (hints[name], ... if _required(field) else None)
        for name, field in _fields(driver).items()
        if hints[name] not in _SECRETS
    }
    return create_model("Settings", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **definitions)


def _hints(driver: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(driver, include_extras=True)


def _fields(driver: type[Any]) -> Mapping[str, dataclasses.Field[Any]]:
    return {field.name: field for field in dataclasses.fields(driver) if field.init}


def _from_pydantic(place: Place, detail: Any, hints: Mapping[str, Any]) -> Mistake:
    key = ".".join(str(step) for step in detail["loc"])
    kind, got = detail["type"], detail["input"]
    if kind == "missing":
        return place.mistake(key, expected="a value", got="nothing")
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        known = _nested_keys(hints[detail["loc"][0]])
        return place.mistake(key, expected=f"one of {' '.join(known)}", got="an unknown key", known=known)
    if kind == "value_error":
        return _told(place, key, detail["ctx"]["error"], got)
    if kind in {"literal_error", "enum"}:
        words = detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return place.mistake(key, expected=" | ".join(words), got=shown(got), known=words)
    expected = str(detail["msg"]).removeprefix("Input should be ").partition(",")[0]
    return place.mistake(key, expected=expected.replace("a valid i", "an i").replace("a valid", "a"), got=shown(got))


def _nested_keys(hint: Any) -> list[str]:
    """Return the keys of the table that a field of type ``hint`` takes."""
    for candidate in (hint, *get_args(hint)):
        if dataclasses.is_dataclass(candidate):
            return sorted(field.name for field in dataclasses.fields(candidate))
    return []


def _told(place: Place, key: str, error: Exception, value: object) -> Mistake:
    """Read the grammar of our own checks: ``[key: ]expected …, got …``."""
    sentence = str(error)
    head, separator, rest = sentence.partition("expected ")
    if separator and head.endswith(": "):
        key = f"{key}.{head.removesuffix(': ')}" if key else head.removesuffix(": ")
    expected, separator, got = (rest or sentence).partition(", got ")
    return place.mistake(key, expected=expected, got=got if separator else shown(value))


def shown(value: object) -> str:
    """Return ``value`` as a person may want to see it in a mistake: cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004  one line of a terminal


_SECRETS: Final = (SecretStr, SecretStr | None)
"""Types of fields with a secret: one that must be there, one that may."""


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _class(holder: Any, attribute: str) -> type[Any]:
    found = getattr(holder, attribute) if attribute else holder
    if not isinstance(found, type):
        raise TypeError(f"Failed to load driver {found!r}: expected a class, got {type(found).__name__}")
    return found
