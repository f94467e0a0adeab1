"""The directory of authorities: its rows, files, laws and seed, and who is told when a channel changes."""
