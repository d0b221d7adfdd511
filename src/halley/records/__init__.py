"""What is written down about a call: fixed fields, never a header value, a key, a body or a query."""
