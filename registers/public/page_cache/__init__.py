"""Pages that were made once, and are served again from memory until the register changes.

A request is answered here, before Django: its address becomes a key
(`address`), one query tells the register's version (`version`), and the page
of that key and version is in memory (`store`) or is made by Django and put
there (`response`). `wsgi` is the whole of it, in the order of a request.
"""
