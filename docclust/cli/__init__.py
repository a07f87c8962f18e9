"""The command line. The only room that prints or exits; what is told, and how it is laid out, `report` decides.

commands  the commands and their exit codes
options   arguments that several commands take
sweeping, reporting  commands of their own length
streams   stdout and stderr that cannot be written
output    text, JSON and CSV on their way to a terminal or a pipe
progress  bars and lines on stderr
"""

from docclust.cli.commands import app, main

__all__ = ["app", "main"]
