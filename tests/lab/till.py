"""A lane with a till: products are typed on the text console, and a second program reads the keyboard along."""

from dataclasses import dataclass
from pathlib import Path

from scanner_daemon.decoding.input_frames import InputFrames
from scanner_daemon.decoding.layouts import LAYOUTS
from scanner_daemon.decoding.wedge import WedgeDecoder
from scanner_daemon.model import KeyStroke, Scan
from tests.lab.lane import CONFIGURATION, Lane

INSIDE = Path(__file__).parent / "inside"
SCANNERS = ('name = "counter"', 'name = "pos"', 'name = "ftdi"')
SLOWLY = {  # an emulated machine on a busy host works in fits and starts
    "[gameball]\n": "[gameball]\nlookup_timeout = 30.0\n",
    "[[scanner]]\n": "[[scanner]]\npass_through = { max_rate = 1000 }\n",
    "gap = 0.6\n": "gap = 1.0\n",
}
TILL = """
[debounce]
same_symbol_timeout = 3600.0

[[card]]
name = "short"
pattern = 'C\\d{4}'

[till]
driver = "virtual-keyboard"
"""


@dataclass(slots=True, kw_only=True)
class Till(Lane):
    """``nodes`` and ``strokes`` are of the keyboard that the daemon has made, as the second program saw them."""

    def open(self) -> None:
        """Open a lane whose daemon types to a till."""
        self.put("/run/lab/watch_keyboard.py", (INSIDE / "watch_keyboard.py").read_bytes())
        self.start("exec python3 /run/lab/watch_keyboard.py")
        self.run(r"printf '\033[?8l' >/dev/tty1")  # repeats no key that an emulated scanner holds for too long
        Lane.open(self)  # super() does not know the class that slots make
        self.eventually(self.nodes, "the till has a keyboard", within=30)

    @staticmethod
    def configuration() -> str:
        """Return the lane's with three scanners, one of each kind, and a till."""
        head, *scanners = CONFIGURATION.read_text().split("[[scanner]]\n")
        last, _, tail = scanners.pop().partition("[[card]]")
        kept = [table for table in (*scanners, last) if table.startswith(SCANNERS)]
        text = "[[scanner]]\n".join((head, *kept)) + "[[card]]" + tail
        for wanted, instead in SLOWLY.items():
            text = text.replace(wanted, instead)
        return text + TILL

    def await_typed(self, count: int) -> None:
        """Wait until so many codes reached the console; in the guest, which has better to do than to send them all."""
        self._await(rf'test $(tr -cd "\r" </run/lab/typed | wc -c) -ge {count}')

    def await_told(self, kind: str, count: int) -> None:
        """Wait until so many events came whose type begins with ``kind``."""
        self._await(rf'test $(grep -c "type\": *\"{kind}" /run/lab/events) -ge {count}')

    def nodes(self) -> list[str]:
        """Return the nodes the keyboard has had so far: a new one for each start of the daemon."""
        return self.read("/run/lab/keyboards").split()

    def strokes(self) -> list[KeyStroke]:
        """Return every key that went down or up."""
        frames = InputFrames()
        strokes: list[KeyStroke] = []
        for line in self.read("/run/lab/keys").splitlines(keepends=True):
            if line[-1] == "\n":
                for frame in frames.feed(bytes.fromhex(line), at=0.0):
                    assert isinstance(frame, tuple), f"expected key strokes, got {frame}"
                    strokes += frame
        return strokes

    def read_along(self) -> list[str]:
        """Return the codes that the second program has read, all of them whole."""
        decoder = WedgeDecoder(scanner="till", layout=LAYOUTS["us"], gap=60.0)
        reports = [report for stroke in self.strokes() for report in decoder.feed((stroke,))]
        labels = [report.scan_data_label for report in reports if isinstance(report, Scan)]
        assert len(labels) == len(reports), reports
        return labels

    def lines(self) -> list[str]:
        """Return the codes that reached the text console, those that ended."""
        return self.typed().split("\n")[:-1]

    def expect_no_half_code(self) -> None:
        """Fail if the console is left with the head of a code."""
        self.eventually(lambda: self.typed().endswith("\n"), "what is typed ends with a whole code")

    def _await(self, condition: str, *, within: float = 60) -> None:
        self.run(f"timeout {within} sh -c 'until {condition}; do sleep 0.2; done'", limit=within + 10)
