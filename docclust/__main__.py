"""``python -m docclust``: the command line where the command itself is not on the path."""

from docclust.cli import main

if __name__ == "__main__":
    main()
