"""Drivers perform what the engine asks for: in threads, in an event loop, or in virtual time.

The rule that all of them keep: a step of the engine runs under the client's one lock, and that lock
is never held while anything waits.
"""
