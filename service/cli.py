"""The command `depositary`: exit code 0 when done, 1 when it failed, 2 when it was called wrongly."""

from __future__ import annotations

import importlib
import sys

import click
from sqlalchemy.exc import SQLAlchemyError

from events import garbage
from events.errors import SchemaOutdated
from service.settings import WrongSetting

COMMANDS = {
    "serve": "serving",
    "worker": "serving",
    "demo": "serving",
    "import": "importing",
    "export": "exporting",
    "copy": "copying",
    "rebuild": "rebuilding",
    "replay": "replaying",
    "check": "auditing",
    "token": "tokens",
    "db": "databases",
}
"""Every command and the module that holds it, which is loaded when the command is wanted."""


class _Commands(click.Group):
    """The commands, of which one is loaded: all of them together take longer than most take to do their work."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"service.commands.{COMMANDS[name]}")
        command: click.Command = getattr(module, "import_" if name == "import" else name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="depositary", prog_name="depositary")
def depositary() -> None:
    """Keep the authentic record of diplomacy: append events, and view them as of any date and as known at any time.

    Settings are read from the environment: DEPOSITARY_DATABASE_URL and others; see the README.
    """


def main() -> None:
    """Run the command; what went wrong is one line on standard error."""
    garbage.settle()
    try:
        depositary(prog_name="depositary")
    except WrongSetting as error:
        _fail(str(error), 2)
    except SchemaOutdated as error:
        _fail(str(error), 1)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        _fail(f"the database of DEPOSITARY_DATABASE_URL: {reason[0] if reason else type(error).__name__}", 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"depositary: {message}", err=True)
    sys.exit(code)
