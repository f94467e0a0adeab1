"""What answers the bell: claim a row, ask it first, have the bytes made and sent, record that they left."""
