"""New numbers for new cards: never given out twice, never a member's already, always taken back by the lane."""
