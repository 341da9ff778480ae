"""What an operator sees: log events, metrics, health."""
