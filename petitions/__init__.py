"""The web application and the domain: what a petition is (models) and how people reach it (views, cli)."""
