"""Make what the lab's guests start from, as far as it is missing, and tell of each step.

``python -m tests.lab``, and ``python -m tests.lab long`` for the long tests as well.
"""

import sys

from tests.lab.host import LabError, LabUnavailableError, cache
from tests.lab.snapshots import snapshots_in_use


def tell(step: str) -> None:
    """Say what takes long."""
    print(f"lab: {step}", flush=True)  # noqa: T201  minutes without a word look like a hang


try:
    with snapshots_in_use(cache(), tell, with_till="long" in sys.argv):
        tell("ready")
except LabUnavailableError as reason:
    tell(f"not on this machine: {reason}")
except LabError as error:
    sys.exit(f"lab: {error}")
