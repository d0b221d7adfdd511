"""The engine, sans-IO and on the standard library alone.

Nothing in here reads a clock, draws a random number, opens a socket, sleeps, logs or takes a lock:
time and chance arrive as arguments, and what must be done outside leaves as an effect.
"""
