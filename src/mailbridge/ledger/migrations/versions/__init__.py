"""Schema versions, oldest first; forward only."""
