"""What a person types: the table of commands, and the one place where an error becomes a text."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import typer
import typer.core
import typer.main
from typer._click import exceptions as click_errors

from ladle.cli.blanks import name_blanks
from ladle.cli.output import show_findings
from ladle.cli.plain_values import read_plainly
from ladle.errors import ExitCode, LadleError

COLLECT_AFTER = 50_000  # values since the last time; 700 is for programs that stay

# Command -> what one line of help says. A command is a row here and a file of its name in this
# folder, whose function of the same name (or Typer ``app``, for a group) typer reads.
COMMANDS: dict[str, str] = {
    "init": "Start a repository that deploys.",
    "check": "Report every mistake of every config at once.",
    "explain": "Say what an error code means and how to mend it.",
    "schema": "Print the JSON Schema of model.yaml.",
    "dev": "Serve a model on this machine, with reload.",
    "test": "Ask a model its golden requests, and what nobody should send.",
    "add": "Hash data, so that recording it takes no time.",
    "record": "Run a command and record it as an experiment.",
    "log": "List the experiments of a model.",
    "show": "Show one experiment.",
    "diff": "Say what differs between two experiments.",
    "lineage": "Show where an experiment comes from and what became of it.",
    "reproduce": "Run an experiment again and compare.",
    "pull": "Bring back data, outputs and model of an experiment.",
    "push": "Send the runs that wait to the store.",
    "attest": "Write SLSA provenance and a model signature, or check them.",
    "import": "Take over what DVC or MLflow recorded.",
    "pin": "Point a model's config at an experiment.",
    "plan": "Say what a deploy would change, before any deploy.",
    "deploy": "Deploy what is committed.",
    "doctor": "Find what a deploy would lack, each with its mend.",
    "cost": "Say what models cost a month, idle, used, and at worst.",
    "status": "Show what serves traffic and what is being tried.",
    "predict": "Ask a deployed model.",
    "feedback": "Say what was true of a prediction.",
    "logs": "Show what a model logged, request by request.",
    "history": "Show the releases of a model and why each changed.",
    "rollback": "Go back to a proven release.",
    "promote": "Accept the candidate now.",
    "pause": "Stop the controller from changing a model's traffic.",
    "resume": "Let the controller, or a stopped model, go on.",
    "quarantine": "List or lift what may not serve again.",
    "verify": "Prove that every object and every row is there and unaltered.",
    "gc": "Free what no experiment needs.",
    "erase": "Destroy personal data in every experiment that has it.",
    "upgrade": "Move a model to the serving runtime of this Ladle.",
    "migrate": "Move a model to another target, behind its door.",
    "simulate": "Rehearse a rollout with the deployed decision code.",
    "why": "Say what changed, with the records that show it.",
    "destroy": "Take a model down, and say what stays.",
    "export": "Write a model as a folder that deploys without Ladle.",
    "embedded": "Start or stop the AWS on this machine.",
}

# Named in the interface, built by a later issue, refused until then.
NOT_YET: dict[str, str] = {
    "console": "a page that shows everything",
}


class _Commands(typer.core.TyperGroup):
    """Loads a command's file when it is called, so that ``--help`` stays fast."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in NOT_YET:
            raise LadleError(
                "LD901",
                f"ladle {cmd_name} is not yet built: {NOT_YET[cmd_name]}",
                "see the README for what works today",
            )
        if cmd_name not in COMMANDS:
            return None
        return name_blanks(read_plainly(_load(cmd_name), ctx), ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Typer would name what was meant among the commands that it knows: of ours it knows none."""
        try:
            return super().resolve_command(ctx, args)
        except click_errors.UsageError as error:
            from difflib import get_close_matches

            if near := get_close_matches(args[0], COMMANDS, n=1):
                error.message += f" Did you mean {near[0]}?"
            raise

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        read_plainly(self, ctx)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        with formatter.section("Not yet"):
            formatter.write_text(", ".join(NOT_YET))


def _load(name: str) -> Any:
    module = importlib.import_module(f"ladle.cli.{name}")
    if hasattr(module, "app"):
        return typer.main.get_command(module.app)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name, help=None)(getattr(module, name))
    return typer.main.get_command(single)


def _root(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version."),
) -> None:
    """Ladle: the spoon for production machine learning."""
    if version:
        from ladle.version import __version__

        typer.echo(f"ladle {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def build() -> Any:
    """The argument tree."""
    app = typer.Typer(
        cls=_Commands,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={
            "help_option_names": ["-h", "--help"],
            "max_content_width": 100,
        },
    )
    app.callback(invoke_without_command=True)(_root)
    return typer.main.get_command(app)


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Never shows a traceback unless LADLE_DEBUG is set."""
    try:
        result = build()(args=args, prog_name="ladle", standalone_mode=False)
    except LadleError as error:
        if os.environ.get("LADLE_DEBUG"):
            raise
        show_findings(error.findings)
        return int(error.exit_code)
    except click_errors.UsageError as error:
        error.show()
        return int(ExitCode.USAGE)
    except (KeyboardInterrupt, typer.Abort):
        result = int(ExitCode.INTERRUPTED)
    if result == ExitCode.INTERRUPTED:  # typer itself makes this number of most Ctrl-Cs
        typer.echo("interrupted", err=True)
    return result if isinstance(result, int) else int(ExitCode.OK)


def run() -> None:
    # A command makes many values at once and ends: the collector would walk them again and again.
    gc.set_threshold(COLLECT_AFTER)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a kill ends children like Ctrl-C
    sys.exit(main())
