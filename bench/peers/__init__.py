"""The same cover and table of names by other engines, each as somebody who knows it well would write it.

A module each, run as `python -m bench.peers.NAME ROWS PDF`.
"""
