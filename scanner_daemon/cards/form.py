"""What a card can be given out as."""

from enum import Enum

from scanner_daemon.cards.layout import CR80, RECEIPT, Page


class Form(Enum):
    """A picture or a printer's language, by its name on the command line."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    ZPL = "zpl"
    ESCPOS = "escpos"

    @property
    def page(self) -> Page:
        """What is printed on unless told otherwise."""
        return RECEIPT if self is Form.ESCPOS else CR80

    @property
    def dpi(self) -> int:
        """The resolution unless told otherwise: a card printer's, or a thermal head's of 8 dots a millimetre."""
        return 203 if self in {Form.ZPL, Form.ESCPOS} else 300
