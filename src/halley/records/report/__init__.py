"""The report over a log of records: for a person at 3 am, in a terminal, a page, or a support mail.

`load` reads the log into two tables, attempts and calls; `query` counts; `page` and `support` show,
as does the command line. Everything that stands in a log is untrusted: it is data, never markup.
"""
