"""scanner-daemon tells a checkout lane who is standing at it."""
