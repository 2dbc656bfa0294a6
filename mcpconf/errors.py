"""What can go wrong that a user can act on. Anything else that escapes is a bug of ours."""


class McpconfError(Exception):
    """A failure the user can act on.

    `hint` is the command or the step that mends it. The exit code is what the command line returns for it;
    facts of the command line: 1 failure, 2 usage, 4 refused, 5 lock time-out, 6 broker unreachable.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(McpconfError):
    """The command line itself is wrong or incomplete."""

    exit_code = 2


class Refused(McpconfError):
    """Going on would lose or overwrite something that is not ours: nothing was changed."""

    exit_code = 4


class LockTimeout(McpconfError):
    """Another mcpconf holds the state lock and did not let go in time."""

    exit_code = 5


class Located(Refused):
    """Text of the user's that we cannot accept, with the place where it stands."""

    def __init__(self, path: str, message: str, *, line: int = 0, column: int = 0, hint: str | None = None) -> None:
        shown = path.replace("\n", "\\n")  # a path must not look like lines of ours
        place = f"{shown}:{line}:{column}" if line else shown
        super().__init__(f"{place}: {message}", hint=hint)
        self.path = path
        self.line = line
        self.column = column
        self.reason = message
