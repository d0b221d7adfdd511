"""Doctor: is everything around a call in order, and if not, what is the fix?

`diagnose` asks one thing after the other, from the key's form to one tiny call, and leaves out what
makes no sense once something before it is wrong. Nothing it says holds the key.
"""

from __future__ import annotations

from halley.checks.doctor.result import Result, Status
from halley.checks.doctor.run import Target, diagnose

__all__ = ["Result", "Status", "Target", "diagnose"]
