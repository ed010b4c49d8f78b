"""Member cards: a number becomes a symbol, a drawing, a proven picture, and what a printer takes.

::

    text ─► encoding ─► Symbol ─► layout ─► Drawing ─┬─► raster ─► proof ─► PNG, ZPL, ESC/POS
            linear, matrix                           └─► vector ──────────► SVG, PDF

Needs the extra ``cards``; the running daemon imports nothing of it.
"""
