"""Who comes in by the editors' door: names, tries, second factors and sessions.

What is kept here is no part of the register, and goes past registers/changes.
"""
