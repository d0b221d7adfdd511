"""Bindings of the drivers to httpx2 and httpx, sync and async, and `protect` for SDK clients.

The two families share names and shapes but no classes, so nothing here imports either of them until
a client of that family is used; a `Family` carries what the loop needs of one.
"""
