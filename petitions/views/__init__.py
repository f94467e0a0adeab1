"""How people reach a petition: one module per resource. A view says what happens, in order, and stops."""
