"""The command, also as ``python -m docclust``: what it imports may be interrupted as well."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from docclust.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
