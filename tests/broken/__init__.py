"""Adapters and ports that are wrong on purpose, and the good ones that they are made from."""
