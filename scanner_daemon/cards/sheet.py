"""Sheets of labels and cards for office printers, as data; sizes in mm."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scanner_daemon.cards.layout import CR80, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Labels in ``columns`` and ``rows``; the first is at ``left`` and ``top``, the next ones a pitch further.

    With ``outline`` their edges are printed, for sheets that are cut.
    """

    width: float
    height: float
    columns: int
    rows: int
    left: float
    top: float
    pitch_x: float
    pitch_y: float
    label_width: float
    label_height: float
    outline: bool = False

    @property
    def label(self) -> Page:
        """What one label is laid out on."""
        return Page(width=self.label_width, height=self.label_height)

    def places(self) -> Iterator[tuple[float, float]]:
        """Yield the upper left corners of the labels, row by row."""
        for row in range(self.rows):
            for column in range(self.columns):
                yield self.left + column * self.pitch_x, self.top + row * self.pitch_y


SHEETS: Final[Mapping[str, Sheet]] = {
    # A4 with 3 by 7 labels of 63.5 by 38.1 mm, as Avery L7160
    "l7160": Sheet(
        width=210.0,
        height=297.0,
        columns=3,
        rows=7,
        left=7.25,
        top=15.15,
        pitch_x=66.04,
        pitch_y=38.1,
        label_width=63.5,
        label_height=38.1,
    ),
    # A4 with ten cards to be cut out
    "a4-cards": Sheet(
        width=210.0,
        height=297.0,
        columns=2,
        rows=5,
        left=17.4,
        top=7.55,
        pitch_x=89.6,
        pitch_y=56.98,
        label_width=CR80.width,
        label_height=CR80.height or 0.0,
        outline=True,
    ),
}
"""By their names on the command line."""
