"""What all commands share on the command line: the parser, its help, its errors."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from netlab.errors import BUG_EXIT_CODE, Interrupted, UsageError
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlab.errors import NetlabError

    Run = Callable[[argparse.Namespace], int]
    Subparsers = argparse._SubParsersAction["Parser"]  # noqa: SLF001 - argparse gives its type no public name


NAMES = ("command", "action")
"""Where argparse keeps the names of a command and of its action."""


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of ending the process, and says which word was meant."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message, hint=f"see '{self.prog} --help'")

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the whole command line."""
        args, unknown = self.parse_known_args(words)
        if unknown:
            word = unknown[0].partition("=")[0]
            known = [option for parser in self._used(args) for option in _options(parser)]
            self.error(f"unknown argument: {word}{did_you_mean(word, known) if word.startswith('-') else ''}")
        return args

    def _used(self, args: argparse.Namespace) -> list[Parser]:
        """Return the parsers that the words went through: this one, its command's, the command's action's."""
        used = [self]
        for dest in NAMES:
            name = getattr(args, dest, None)
            used += [used[-1].commands()[name]] if name else []
        return used

    def commands(self) -> dict[str, Parser]:
        """Parsers of the commands, or of a command's actions, by name, in their order."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - there is no public way
                return dict(action.choices)
        return {}

    def _check_value(self, action: argparse.Action, value: object) -> None:
        choices = [str(choice) for choice in action.choices or ()]
        if choices and str(value) not in choices:
            named = action.dest in NAMES
            what = action.dest if named else f"value for {'/'.join(action.option_strings) or action.dest}"
            known = "" if action.dest == "command" else f" (one of {', '.join(choices)})"
            self.error(f"unknown {what}: '{value}'{did_you_mean(str(value), choices) or known}")


def add_command(  # noqa: PLR0913 - the parts of a help page, by keyword
    subparsers: Subparsers,
    name: str,
    run: Run,
    *,
    summary: str,
    description: str,
    example: str,
    raises: Sequence[type[NetlabError]] = (),
) -> Parser:
    """Add a command; ``raises`` are the errors that its help page names besides the usual ones."""
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=description,
        epilog=f"example:\n  {example}\n\n{_exit_codes(raises)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_global_options(parser, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def add_actions(parser: Parser, *registrations: Callable[[Subparsers], None]) -> None:
    """Have the command do one of several things, each of which is a command of its own to ``add_command``."""
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, parser_class=Parser
    )
    for register in registrations:
        register(actions)


def add_global_options(parser: argparse.ArgumentParser, *, default: object = None) -> None:
    """Add the options that may stand before and after the command."""
    suppressed = default is argparse.SUPPRESS
    group = parser.add_argument_group("options of every command")
    group.add_argument("-C", "--directory", metavar="DIR", default=default, help="work as if started in DIR")
    flag = default if suppressed else False
    group.add_argument("-q", "--quiet", action="store_true", default=flag, help="show results and warnings only")
    group.add_argument(
        "--no-colour", "--no-color", action="store_true", default=flag, help="no colours (NO_COLOR does the same)"
    )


def _exit_codes(raises: Sequence[type[NetlabError]]) -> str:
    codes = {0: "Success.", BUG_EXIT_CODE: "A bug in netlab; its crash log is named on the screen."}
    named: list[type[NetlabError]] = [UsageError, Interrupted, *raises]
    codes |= {error.exit_code: (error.__doc__ or "").partition("\n")[0] for error in named}
    return "exit codes:\n" + "\n".join(f"  {code:>3}  {text}" for code, text in sorted(codes.items()))


def _options(parser: Parser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001 - no public way
