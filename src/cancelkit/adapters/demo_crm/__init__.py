"""A demo CRM on SQLite with the panel mounted: what `cancelkit serve` shows in the browser.

It is a host like any other: its own tables, its own pages, and `wiring` tells cancelkit what the
tables mean. Needs the extra `serve`.
"""
