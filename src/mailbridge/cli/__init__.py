"""The `mailbridge` command."""


def main() -> None:
    """Run the command line."""
