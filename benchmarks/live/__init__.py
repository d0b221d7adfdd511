"""The parts of the live run: the server's process, a worker's, and the ledgers that both keep."""
