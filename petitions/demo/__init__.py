"""What only the demonstration needs: its mail server and what it took."""
