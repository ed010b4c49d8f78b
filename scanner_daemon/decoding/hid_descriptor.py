"""A walk over a HID report descriptor: where in its input reports a device puts what.

Only what finding input fields needs (HID 1.11, clause 6.2.2): usages, sizes, counts, report ids, push and pop.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """Consecutive elements of one usage in an input report.

    ``usage`` is the usage page in the upper 16 bits and the usage in the lower. ``bit_offset`` counts from the first
    byte that is read, the report id's where reports are numbered (``report_id`` is not ``None``).
    """

    report_id: int | None
    usage: int
    bit_offset: int
    element_bits: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputArray:
    """Consecutive elements of an input report that each name one of several usages of ``page``, as keyboards do."""

    report_id: int | None
    page: int
    bit_offset: int
    element_bits: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReports:
    """All input fields and arrays of a device, and the length of each report in bytes, by report id."""

    fields: tuple[InputField, ...]
    arrays: tuple[InputArray, ...]
    lengths: dict[int | None, int]


def input_reports(descriptor: bytes) -> InputReports:
    """Return the input reports that ``descriptor`` describes.

    Raises ``ValueError`` when it is cut off or describes reports longer than a device can have.
    """
    walk = _Walk()
    for tag, value, size in _items(descriptor):
        walk.item(tag, value, size)
    lengths = {report_id: -(-bits // 8) for report_id, bits in walk.bits.items()}
    return InputReports(fields=tuple(walk.fields), arrays=tuple(walk.arrays), lengths=lengths)


@dataclass(frozen=True, slots=True)
class _Globals:
    page: int = 0
    size: int = 0
    count: int = 0
    report_id: int | None = None


@dataclass(slots=True)
class _Walk:
    fields: list[InputField] = field(default_factory=list)
    arrays: list[InputArray] = field(default_factory=list)
    bits: dict[int | None, int] = field(default_factory=dict)
    _globals: _Globals = field(default_factory=_Globals)
    _stack: list[_Globals] = field(default_factory=list)
    _usages: list[tuple[int, int]] = field(default_factory=list)
    _usage_minimum: int = 0

    def item(self, tag: int, value: int, size: int) -> None:
        if tag == _INPUT:
            self._input(value)
        match tag >> 2 & 0b11:
            case 0:  # every main item uses up the usages before it
                self._usages.clear()
            case 1:
                self._global_item(tag, value)
            case 2:
                self._local_item(tag, value, size)

    def _global_item(self, tag: int, value: int) -> None:
        match tag:
            case 0x04:
                self._globals = replace(self._globals, page=value)
            case 0x74:
                self._globals = replace(self._globals, size=value)
            case 0x84:
                self._globals = replace(self._globals, report_id=value)
            case 0x94:
                self._globals = replace(self._globals, count=value)
            case 0xA4:
                self._stack.append(self._globals)
            case 0xB4 if self._stack:
                self._globals = self._stack.pop()

    def _local_item(self, tag: int, value: int, size: int) -> None:
        match tag:
            case 0x08:
                self._usages.append((value, size))
            case 0x18:
                self._usage_minimum = value
            case 0x28:
                last = min(value, self._usage_minimum + _MOST_USAGES)
                self._usages += [(usage, size) for usage in range(self._usage_minimum, last + 1)]
        del self._usages[_MOST_USAGES:]

    def _input(self, flags: int) -> None:
        now = self._globals
        start = self.bits.get(now.report_id, 0 if now.report_id is None else 8)
        end = start + now.size * now.count
        if end > _LONGEST_REPORT * 8:
            raise ValueError(f"expected input reports of at most {_LONGEST_REPORT} bytes, got {end // 8}")
        self.bits[now.report_id] = end
        usages = [value if size == _EXTENDED else now.page << 16 | value for value, size in self._usages[: now.count]]
        if flags & _CONSTANT:
            return
        if len(usages) > 1 and not flags & _VARIABLE:
            self.arrays.append(
                InputArray(
                    report_id=now.report_id,
                    page=usages[0] >> 16,
                    bit_offset=start,
                    element_bits=now.size,
                    count=now.count,
                )
            )
            return
        for index, usage in enumerate(usages):
            last = index == len(usages) - 1  # the last usage is that of all remaining elements too
            self.fields.append(
                InputField(
                    report_id=now.report_id,
                    usage=usage,
                    bit_offset=start + index * now.size,
                    element_bits=now.size,
                    count=now.count - index if last else 1,
                )
            )


def _items(descriptor: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield tag (with type), value and size in bytes of each short item; long items are reserved and passed over."""
    position = 0
    while position < len(descriptor):
        prefix = descriptor[position]
        if prefix == _LONG_ITEM:
            position += 3 + int.from_bytes(descriptor[position + 1 : position + 2])
            continue
        size = (0, 1, 2, 4)[prefix & 0b11]
        value = descriptor[position + 1 : position + 1 + size]
        if len(value) < size:
            raise ValueError(f"expected {size} more bytes at the end of the report descriptor, got {len(value)}")
        yield prefix & 0b1111_1100, int.from_bytes(value, "little"), size
        position += 1 + size


_INPUT: Final = 0x80
_CONSTANT: Final = 0b01
_VARIABLE: Final = 0b10
_EXTENDED: Final = 4  # a usage of four bytes holds its own page
_LONG_ITEM: Final = 0xFE
_LONGEST_REPORT: Final = 16384  # HID_MAX_BUFFER_SIZE of the Linux kernel
_MOST_USAGES: Final = 1024
