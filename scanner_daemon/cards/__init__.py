"""Member cards: a number becomes a symbol, a drawing, a proven picture, and what a printer takes.

::

    text ─► encoding ─► Symbol ─► layout ─► Drawing ─┬─► raster ─► proof ─► PNG, ZPL, ESC/POS
            linear, matrix                           └─► vector ──────────► SVG, PDF

Where cards come out is in :mod:`~scanner_daemon.cards.printers`.

Drawing needs the extra ``cards``; the running daemon loads none of its libraries.
"""
