"""The SDK releases halley is tested with: `python -m tests.environments` runs tests/sdk in each.

Each environment is a venv under `.venvs`, made once for its list of requirements and kept. Lowest
and newest of each SDK, both HTTP families, aiohttp present and absent, in as few as that takes.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venvs"
TOOLS = ("hypothesis>=6.150", "pytest>=9,<10", "pytest-timeout>=2.4,<3")
SHOWN = ("openai", "cometapi", "anthropic", "google-genai", "aiohttp", "httpx", "httpx2")
DEADLINE_S = 900
AT_ONCE = 2


@dataclass(frozen=True)
class Environment:
    """A venv: its name, its SDKs, and the extras of halley it has."""

    name: str
    requirements: tuple[str, ...]
    extras: str = ""

    @property
    def python(self) -> Path:
        """Its interpreter."""
        folder = "Scripts" if os.name == "nt" else "bin"
        return HOME / self.name / folder / "python"

    @property
    def stamp(self) -> str:
        """Changes with anything the venv is made from."""
        parts = (sys.version, *TOOLS, *self.requirements, (ROOT / "pyproject.toml").read_text())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


ENVIRONMENTS = (
    Environment(
        "newest",
        ("openai>=3,<4", "anthropic>=2,<3", "google-genai>=3,<4", "aiohttp>=3,<4", "httpx2<3"),
    ),
    Environment(
        "lowest",
        ("openai==3.0.0", "anthropic==1.0.0", "google-genai==3.0.0", "httpx2==2.12.0"),
    ),
    Environment("cometapi", ("cometapi>=0.1.4", "openai>=2.45,<3"), "[httpx]"),
    Environment("openai2", ("openai==2.45.0", "httpx==0.28.*"), "[httpx]"),
)


class EnvironmentFailedError(Exception):
    """An environment could not be made; the message is the end of what the tool said."""


def main() -> int:
    """Make each environment and run tests/sdk in it; return 1 if any test or making failed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        goods = []
        for environment, (good, summary) in zip(
            ENVIRONMENTS, pool.map(tried, ENVIRONMENTS), strict=True
        ):
            print(f"{environment.name}: {summary}", flush=True)
            goods.append(good)
    return int(not all(goods))


def tried(environment: Environment) -> tuple[bool, str]:
    """Make an environment and run tests/sdk in it; return whether all is well, and a line."""
    try:
        prepare(environment)
        return run(environment)
    except (EnvironmentFailedError, subprocess.TimeoutExpired) as error:
        return False, str(error)


def prepare(environment: Environment) -> None:
    """Make a venv, unless it is there and was made from the same list.

    Raises:
        EnvironmentFailedError: pip failed.
    """
    stamp = HOME / environment.name / "stamp"
    if stamp.exists() and stamp.read_text() == environment.stamp:
        return
    venv.create(HOME / environment.name, with_pip=True, clear=True)
    halley = ("--editable", f"{ROOT}{environment.extras}")
    install = ("-m", "pip", "install", "--quiet", *TOOLS, *environment.requirements, *halley)
    done = _call(environment, *install)
    if done.returncode != 0:
        raise EnvironmentFailedError(f"pip failed\n{done.stderr[-2000:]}")
    stamp.write_text(environment.stamp)


def run(environment: Environment) -> tuple[bool, str]:
    """Run tests/sdk; return whether all passed, and a line that says with what."""
    done = _call(environment, "-m", "pytest", "tests/sdk", "-q", "--no-header", "--tb=short")
    counts = re.findall(r"\d+ (?:passed|failed|errors?|skipped)", done.stdout.rpartition("\n\n")[2])
    good = done.returncode == 0
    line = f"{_versions(environment)}: {', '.join(counts) or 'no test ran'}"
    return good, line if good else f"{line}\n{done.stdout[-8000:]}{done.stderr[-2000:]}"


def _versions(environment: Environment) -> str:
    names = repr(SHOWN)
    code = (
        "from importlib.metadata import distributions as d\n"
        "found = {x.name: x.version for x in d()}\n"
        f"print(', '.join(f'{{n}} {{found[n]}}' for n in {names} if n in found))"
    )
    return _call(environment, "-c", code).stdout.strip()


def _call(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (environment.python, *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


if __name__ == "__main__":
    raise SystemExit(main())
