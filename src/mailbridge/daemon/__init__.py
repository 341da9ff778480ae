"""The life of the program: threads, signals, what is due by the clock, one full cycle for `run --once`."""
