"""Benchmarks beside hand-written floors and peers: `python -m tests.benchmarks`."""
