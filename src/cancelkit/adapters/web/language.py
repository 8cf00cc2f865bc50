"""The language of the reader: that of the actor, or else the browser's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cancelkit.adapters.web.texts import TEXTS
from cancelkit.adapters.web.values import PanelRequest
from cancelkit.desk import Desk
from cancelkit.messages import Catalogue

if TYPE_CHECKING:
    from cancelkit.adapters.web.panel import Panel


def desk_in(panel: Panel, request: PanelRequest, desk: Desk) -> Desk:
    """Return the desk with the translator of the reader."""
    from attrs import evolve

    kit = desk.kit
    own = kit.translator
    if isinstance(own, Catalogue):
        return evolve(desk, kit=evolve(kit, translator=own.with_texts(TEXTS)))
    return desk
