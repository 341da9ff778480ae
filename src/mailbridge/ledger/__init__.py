"""The memory of the program: SQL through SQLAlchemy Core."""
