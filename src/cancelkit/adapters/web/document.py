"""The view as data: one JSON document of everything that a person sees of one customer.

Pure: it is made from what `Cancellation.look` has read. The keys are the words of `View`, `Plan`
and the timeline; the HTML pages are made from this very document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cancelkit.adapters.web.forms import form_data
from cancelkit.checklist import Checklist
from cancelkit.kit import CancelKit
from cancelkit.looking import Look
from cancelkit.messages import Message
from cancelkit.records import Verb
from cancelkit.section import Gate
from cancelkit.states import Light
from cancelkit.timeline import timeline
from cancelkit.views import Line, View

FORMAT = 1
"""The version of the document; a new key is no new version."""


def document(kit: CancelKit, look: Look, link: str | None = None) -> dict[str, Any]:
    """Return everything that a person sees of one customer, as a JSON-ready object.

    Args:
        kit: the kit that has read it, in the language of the reader.
        look: what was read.
        link: the host's address of the customer's own page.
    """
    view = look.view
    happened = timeline(kit, look.history)
    return {
        "format": FORMAT,
        **view.data(),
        "link": link,
        "sections": [_section(kit, view, line) for line in view.sections],
        "plan": look.plan.data() if look.plan else None,
        "timeline": [{**one._asdict(), "at": one.at.isoformat()} for one in happened],
    }


def _section(kit: CancelKit, view: View, line: Line) -> dict[str, Any]:
    section = kit.known.by_key.get(line.key)
    entering = Verb.ENTER in view.actions
    form = form_data(kit, section, line.entered) if section and entering else None
    return {
        **line.data(),
        "word": kit.text(Message(f"light.{line.light.value}")),
        "gate_word": kit.text(Message(f"gate.{line.gate.value}")),
        "form": form,
        "may_perform": Verb.PERFORM_NOW in view.actions and bool(line.planned),
        "may_override": Verb.OVERRIDE in view.actions and _overridable(line),
    }


def _overridable(line: Line) -> bool:
    return line.gate is Gate.BLOCKS and line.light is Light.RED


def profiles_of(profiles: Mapping[str, Checklist]) -> list[str]:
    """Return the names of the profiles that can be begun by, "" for the kit's own first."""
    return ["", *profiles] if profiles else []
