"""The shape of what is typed; file names as in views."""
