"""The tests, as a package: they share code by `from tests.support import ...`."""
