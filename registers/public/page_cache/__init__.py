"""The page cache: public pages are served from memory until the register changes.

It is a WSGI application in front of Django (`wsgi`). The URL becomes a key, one query
reads the register's version (`key`), and the page with that key and version is in
memory, or is rendered by Django and stored (`store`).
"""
