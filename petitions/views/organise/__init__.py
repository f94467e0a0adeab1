"""Everything behind the login, one module a resource. Every view names its act (petitions/auth.py)."""
