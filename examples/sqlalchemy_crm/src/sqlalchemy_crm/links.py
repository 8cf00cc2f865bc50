"""Where the CRM shows things."""

from __future__ import annotations

from cancelkit import Customer


class Links:
    """Where the CRM shows things: the port `Links`."""

    def customer(self, customer: Customer) -> str | None:
        """See `cancelkit.ports.Links`."""
        return f"/accounts/{customer.id}"

    def manage(self, customer: Customer, section: str) -> str | None:
        """See `cancelkit.ports.Links`: this CRM has no pages of its own for records."""
        return None
