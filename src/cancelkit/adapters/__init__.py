"""Adapters, named by their technology. Each is imported by its own name, and only when wanted."""
