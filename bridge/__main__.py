"""`python -m bridge` is the `bridge` command."""

import sys


def main() -> None:
    """The command; ctrl-C ends it also while it is still being imported."""
    try:
        from bridge.cli import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
