"""The programs that are measured, each a process of its own: ``python -m benchmarks.subjects.NAME SCANNER ...``.

Every argument is one scanner: the number of an inherited descriptor, the read end of a pipe with the ``struct
input_event`` records of a keyboard wedge as the kernel writes them, or the path of a serial port. A subject prints
``ready`` once it reads them all. Then it prints a line for each label at the moment its own callback is told of it:
the index of the scanner, ``CLOCK_MONOTONIC`` in nanoseconds, the label. It ends when its standard input is closed.

A pipe is no input device: nobody grabs it, and what is not read waits there, where the kernel keeps 64 events for each
reader and drops the rest. The peers run in an environment of their own, which has none of ours: what the subjects
share needs the standard library only.
"""
