"""Redaction: what may be written down of a text that came from elsewhere.

`Redactor` applies the rules in a fixed order: configured keys, names of keys, commands, schemes,
shapes of keys, URLs, bulk; then control characters, then the cut. There is no rule about entropy:
the id of a request looks as random as a key, and must survive.
"""

from halley.records.redact.redactor import Redactor

__all__ = ["Redactor"]
