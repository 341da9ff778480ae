"""Where the work of the path is done: collecting, reading, sending. Each station does one cycle per call."""
