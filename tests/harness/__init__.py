"""Tooling that proves promises of any `Host`: a world, faults, interleavings. No tests in here."""
