"""What `protect` knows of the clients it is given: one module for each way they are built.

Everything private to an HTTP library or an SDK that halley relies on is named here, checked before
it is used, and tested at the lowest and the newest release of each.
"""
