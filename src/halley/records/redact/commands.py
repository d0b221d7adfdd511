r"""Secrets on a command line, where only the command says what an option means.

`-u me:secret` is a login to curl, a group to docker and a path to rsync. So an option counts from
its command to the end of the line, and over a line break behind a backslash. Of a login the user
stays. What an option says by its own name (`--password`) is a matter of `names`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from halley.records.redact.marks import REDACTED, replaced

_QUOTE: Final = r"\\{0,15}[\"'`]"
_GAP: Final = rf"(?:(?:{_QUOTE})?,)?\s{{1,8}}"
"""What stands between an option and its value, also where the arguments are a list."""
_MAYBE: Final = f"(?:{_GAP})?"
_NO_VALUE: Final = "[#0-46afgijklnpqsvBGIJLMNORSZ]{0,8}"
"""Options of curl that take none, so that another may follow in the same word."""
_LOGIN: Final = r"(?![A-Za-z]{1,8}://)[^\s:\"'`\\<>,(\[]{0,256}:"
_COOKIE: Final = r"[^\s=\"'`\\<>,(\[]{0,256}="
_PORTS: Final = r"[\d.:-]{1,32}:\d"
_QUOTED: Final = r"(?:(?!\2)(?:(?s:\\.)|[^\n\\]))+"
"""To the end of the line where no quote closes it."""
_WORD: Final = rf"(?:{REDACTED}|\\[^\w\s\"'`\\]|[^\s\"'`\\,;&|<>()\[\]{{}}])+"
_REST_OF_LINE: Final = r"(?:[^\n\\]+|\\\n|\\{2,}n?\n?|\\(?![n\\]))*"
r"""In one line a break is written `\n`, and with a backslash before it goes on."""


def _option(option: str, public: str = "") -> re.Pattern[str]:
    """Return a pattern for an option with its secret, of which the first group stays.

    Args:
        option: A pattern for it and what stands between it and its value.
        public: A pattern for what of the value, behind its quote, is no secret.
    """
    start = rf"-(?<=[\s\"'`,(\[]-)(?:{option})({_QUOTE})?{public}"
    return re.compile(f"({start})(?(2){_QUOTED}|{_WORD})")


@dataclass(frozen=True, slots=True)
class Command:
    """A program and those of its options that take a secret.

    Attributes:
        literal: What is asked for first, since most texts hold no command.
        options: Patterns for the options.
        before: A pattern for what of the command stands before the literal.
        line: What follows, to the end of the line, which may be escaped itself.
    """

    literal: str
    options: tuple[re.Pattern[str], ...]
    before: str = ""
    line: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compile."""
        start = f"{self.before}{re.escape(self.literal)}"
        object.__setattr__(self, "line", re.compile(f"({start}{_REST_OF_LINE})"))


_PASSWORD: Final = (_option("p", f"(?!{_PORTS})"),)
COMMANDS: Final = (
    Command(
        "curl",
        (
            _option(f"{_NO_VALUE}[uUE]{_MAYBE}", _LOGIN),
            _option(f"-(?:proxy-)?(?:user|cert)(?:{_GAP}|=)", _LOGIN),
            _option(f"(?:{_NO_VALUE}b{_MAYBE}|-cookie(?:{_GAP}|=))", _COOKIE),
            _option(f"-(?:oauth2-bearer|(?:proxy-)?pass)(?:{_GAP}|=)"),
        ),
    ),
    Command(
        " login",
        (_option(f"p{_MAYBE}"),),
        before="(?:docker|podman|nerdctl|buildah|skopeo|oras|helm registry|az)",
    ),
    Command("mysql", _PASSWORD),
    Command("mariadb", _PASSWORD),
    Command("redis-cli", (_option(f"a{_GAP}"),)),
)
_LINE_END: Final = re.compile(r"(?<!\\)\n")
_SPACE: Final = r"(?:\s|\\{1,15}[nrt]){1,16}"
_FIXED: Final = {
    "sshpass": re.compile(rf"(sshpass{_GAP}{_QUOTE}?-p{_MAYBE}({_QUOTE})?)(?(2){_QUOTED}|{_WORD})"),
    "machine": re.compile(
        rf"(machine{_SPACE}[^\s\\]+{_SPACE}"
        rf"(?:(?:login|account){_SPACE}[^\s\\]+{_SPACE}){{0,2}}password{_SPACE}){_WORD}"
    ),
}
"""What stands right before a secret: a command that starts another one, and a line of `.netrc`."""


def commanded(text: str) -> str:
    """Mask what options of commands, and lines of a `.netrc`, give away.

    >>> commanded("docker run -u 1:1 app; curl -u me:pw a.test")
    'docker run -u 1:1 app; curl -u me:<redacted> a.test'
    """
    if "-" in text:
        for command in COMMANDS:
            if command.literal in text:
                text = _without_secrets(text, command)
    for literal, pattern in _FIXED.items():
        if literal in text:
            text = replaced(text, _secrets(text, pattern))
    return text


def _without_secrets(text: str, command: Command) -> str:
    """Mask in all lines of a command at once: one by one, many short ones would cost much."""
    parts = command.line.split(text)
    lines = "\n".join(parts[1::2])
    for option in command.options:
        lines = replaced(lines, _secrets(lines, option))
    if len(parts) > 1:
        parts[1::2] = _LINE_END.split(lines)
    return "".join(parts)


def _secrets(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield what stands behind the first group of a pattern."""
    for found in pattern.finditer(text):
        yield found.end(1), found.end()
