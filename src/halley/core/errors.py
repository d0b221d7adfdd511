"""The error of whoever configures halley."""


class PolicyError(ValueError):
    """A policy value is not usable; the message says where, what was found and what is allowed."""
