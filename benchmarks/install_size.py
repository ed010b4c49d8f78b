"""Print the MiB that a distribution takes on the disk with all it needs: ``python install_size.py NAME``.

Needs nothing but Python, so that it can be run in anybody's environment. Extras are left out.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

SPELLING = re.compile(r"[-_.]+")
NAME = re.compile(r"[\w.-]+")


def needed(name: str, seen: set[str]) -> Iterator[Distribution]:
    """Yield a distribution and all that it needs here, each once."""
    if (key := SPELLING.sub("-", name).lower()) in seen:
        return
    seen.add(key)
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return  # for another Python or system
    yield found
    for requirement in found.requires or ():
        if "extra ==" not in requirement and (match := NAME.match(requirement)):
            yield from needed(match[0], seen)


def size(found: Distribution) -> int:
    """Return the bytes of its files, without what Python compiles of them."""
    files = (Path(str(file.locate())) for file in found.files or () if file.suffix != ".pyc")
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    print(sum(size(found) for found in needed(sys.argv[1], set())) / 1024**2)
