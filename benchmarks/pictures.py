"""Bars of what people would rather see than read: medians of all subjects, as SVG beside the results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from reportlab.graphics import renderSVG
from reportlab.graphics.charts.barcharts import HorizontalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import HexColor

from benchmarks.report import FLOOR, OURS, Findings, figure

PICTURED: Final[Mapping[str, str]] = {
    "terminator → label, wedge, 5 ms a key": "callback.svg",
    "terminator → HTTP handler": "webhook.svg",
    "decode, report by report": "decode.svg",
}
"""What is drawn, and where: files in ``benchmarks/pictures``."""

FOLDER: Final = Path(__file__).with_name("pictures")
WIDTH: Final = 640
BAR: Final = 26
LEFT: Final = 200
INK, PALE, LEAF = HexColor("#1b1f24"), HexColor("#9aa4af"), HexColor("#1a7f5a")
COLOURS: Final = {OURS: LEAF, FLOOR: HexColor("#d0d7de")}


def draw(found: Sequence[Findings]) -> list[str]:
    """Write the pictures of what was measured; return where they are, from the results."""
    FOLDER.mkdir(exist_ok=True)
    written = []
    for what, name in PICTURED.items():
        rows = [row for each in found for row in each.rows if row.what == what and row.median is not None]
        if len(rows) > 1:
            medians = {row.of: row.median for row in sorted(rows, key=lambda row: -(row.median or 0))}
            renderSVG.drawToFile(bars(what, rows[0].unit, medians), str(FOLDER / name))
            written.append(f"{FOLDER.name}/{name}")
    return written


def bars(title: str, unit: str, medians: Mapping[str, float | None]) -> Drawing:
    """Return a bar for each subject, the least lowest, with its figure at the end."""
    height = BAR * len(medians)
    drawing = Drawing(WIDTH, height + 44)
    chart = HorizontalBarChart()
    chart.x, chart.y, chart.width, chart.height = LEFT, 8, WIDTH - LEFT - 100, height
    chart.data = [tuple(medians.values())]
    chart.valueAxis.valueMin, chart.valueAxis.visible = 0, False
    chart.categoryAxis.categoryNames = list(medians)
    chart.categoryAxis.visibleTicks = chart.categoryAxis.visibleAxis = False
    chart.categoryAxis.labels.fontName, chart.categoryAxis.labels.fontSize = "Helvetica", 12
    chart.categoryAxis.labels.fillColor, chart.categoryAxis.labels.dx = INK, -14
    chart.barSpacing, chart.groupSpacing = 0, 7
    chart.barLabelFormat = lambda value: figure(value, unit)
    chart.barLabels.nudge, chart.barLabels.boxAnchor = 6, "w"
    chart.barLabels.fontName, chart.barLabels.fontSize, chart.barLabels.fillColor = "Helvetica", 12, INK
    chart.bars.strokeColor = None
    for place, name in enumerate(medians):
        chart.bars[0, place].fillColor = COLOURS.get(name, PALE)
    drawing.add(chart)
    drawing.add(String(8, height + 24, f"{title}: median", fontName="Helvetica-Bold", fontSize=13, fillColor=INK))
    return drawing
