"""Pages that were made once, and are served again from memory until the register changes.

A request is answered here, before Django: its address becomes a key
(`addresses`), one query tells the register's version (`moments`), and the page
of that key and version is in memory (`memory`) or is made by Django and put
there (`pages`). `wsgi` is the whole of it, in the order of a request.
"""
