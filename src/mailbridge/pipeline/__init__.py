"""Pure steps of the path of a mail; they know no I/O."""
