"""Run every example and every Python block of the documentation, against the simulator.

``python -m tests.examples``. A block marked ``python no-run`` is a sample of code to delete. Each
runs in a process of its own, in the first environment that has what it imports; one that runs
nowhere fails.
"""

from __future__ import annotations

import ast
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from halley.simulator import Simulator, serve

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 60


def snippets() -> Iterator[tuple[str, str]]:
    """Every example and every block, with a name for a person."""
    for path in sorted(ROOT.glob("examples/*.py")):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")
    for page in PAGES:
        for number, block in enumerate(BLOCK.findall(page.read_text("utf-8")), 1):
            yield f"{page.relative_to(ROOT)} block {number}", block


def imports(source: str) -> set[str]:
    """Packages that a snippet imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found - set(sys.stdlib_module_names)


def interpreter(needed: set[str]) -> str | None:
    """The first Python that has all of these."""
    for python in (sys.executable, *map(str, sorted(ROOT.glob(".venvs/*/bin/python")))):
        check = f"import importlib\nfor name in {sorted(needed)}: importlib.import_module(name)"
        if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0:
            return python
    return None


def run(source: str, python: str, base_url: str) -> subprocess.CompletedProcess[str]:
    """Run a snippet the way a user would, with the simulator as CometAPI."""
    key = "sk-" + "example" * 6
    environment = {
        **os.environ,
        "COMETAPI_KEY": key,
        "COMETAPI_BASE_URL": base_url,
        "OPENAI_API_KEY": key,
        "OPENAI_BASE_URL": base_url,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "snippet.py")
        path.write_text(source, "utf-8")
        return subprocess.run(
            [python, "-W", "error::SyntaxWarning", str(path)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=environment,
            cwd=folder,
            check=False,
        )


def main() -> int:
    """Run all; print a line each, and what a failing one said."""
    failed = passed = 0
    with serve(Simulator(profile="calm")) as server:
        for name, source in snippets():
            python = interpreter(imports(source))
            done = None if python is None else run(source, python, server.base_url)
            good = done is not None and done.returncode == 0
            print(f"{'ok    ' if good else 'FAILED'} {name}", flush=True)
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(done.stderr if done else f"no environment has {imports(source)}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
