"""All commands that have a name."""

from repack.cli import giveback, helping
from repack.cli.looking import tools

__all__ = ["tools"]

tools.command(cls=helping.Command, epilog=helping.show_examples(giveback.RESTORING))(giveback.restore)
tools.command(cls=helping.Command, epilog=helping.show_examples(giveback.VERIFYING))(giveback.verify)
