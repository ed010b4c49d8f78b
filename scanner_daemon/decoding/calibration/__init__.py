"""Learn how a scanner is set from what it sends for known labels, those of the calibration page.

The first holds characters that no two keyboard layouts have in the same places, as far as ASCII can tell them apart.
The second holds GS1's separator, a control character that scanners send in many ways.
"""
