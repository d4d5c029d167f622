"""All commands that have a name."""

from repack.cli import giveback
from repack.cli.looking import tools

__all__ = ["tools"]

tools.command()(giveback.restore)
tools.command()(giveback.verify)
