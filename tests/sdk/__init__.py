"""The real, unmodified SDKs against the simulator, at the releases in tests/environments.py."""
