"""How a customer becomes a member at the lane: what is asked, what is open, and who is told."""
