"""The CRM's own pages: as much of them as the panel needs around it."""

from __future__ import annotations

from jinja2 import Environment
from sqlalchemy import select
from sqlalchemy.orm import Session

from cancelkit import Desk
from cancelkit.adapters.web import Panel
from sqlalchemy_crm.schema import Account

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }} - CRM</title><link rel="icon" href="data:,"></head>
<body><nav><a href="/">Accounts</a> <a href="{{ panel.mount }}/">Open cancellations</a></nav>
<main><h1>{{ title }}</h1>
%s
</main></body></html>"""
_PAGES = Environment(autoescape=True)
_ACCOUNTS = _PAGES.from_string(
    _PAGE
    % """<ul>{% for row in rows %}
<li><a href="/accounts/{{ row.id }}">{{ row.name }}</a> {{ banners.get(row.id | string, "") }}</li>
{% endfor %}</ul>"""
)
_ACCOUNT = _PAGES.from_string(
    _PAGE
    % """{{ banner | safe }}{# made and escaped by the panel #}
<p>{{ row.number }}, {{ row.status }}</p>
<details><summary>Actions</summary>
{% if banner or row.status == "cancelled" %}<a href="{{ address }}">View Cancellation</a>
{% else %}<a href="{{ address }}/begin">Begin Cancellation</a>{% endif %}</details>"""
)


def accounts_page(session: Session, desk: Desk, panel: Panel) -> str:
    """Return the list of accounts; all banners are one question."""
    rows = session.scalars(select(Account).where(~Account.deleted).order_by(Account.id)).all()
    banners = desk.banners([str(row.id) for row in rows])
    return _ACCOUNTS.render(title="Accounts", rows=rows, banners=banners, panel=panel)


def account_page(session: Session, desk: Desk, panel: Panel, key: int) -> str | None:
    """Return the page of an account, or None: the banner, and the way to the panel."""
    row = session.get(Account, key)
    if row is None or row.deleted:
        return None
    banner, address = panel.banner(desk, str(key)), panel.address(str(key))
    return _ACCOUNT.render(title=row.name, row=row, banner=banner, address=address, panel=panel)
