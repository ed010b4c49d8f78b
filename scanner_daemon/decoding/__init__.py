"""From bytes or key strokes to scans: pure, clockless, one decoder for each open device.

Time stamps come in with the data, the next deadline goes out: call ``expire`` when it has passed. A wrong ID is worse
than no ID, so a scan that may be torn is thrown away up to its terminator and told once, as a ``Discarded``.
"""
