"""What all tests share."""

import os

from hypothesis import settings

# CI tries the same examples each time, so that a change is judged by itself; everybody else's runs go on searching.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("default", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")
