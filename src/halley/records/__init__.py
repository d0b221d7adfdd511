"""What is written down of a call: fixed fields, never a header, a key, a body or a query."""
