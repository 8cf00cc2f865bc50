"""A visitor of the panel without a browser: reads pages, follows links, sends forms."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from attrs import define, evolve, field

from cancelkit.adapters.web import Panel, PanelRequest, PanelResponse
from tests.world import World

BASE = "https://crm.example/some/prefix/"
"""Where the panel is mounted for the visitor."""

FORM = "application/x-www-form-urlencoded"
VOID = {"meta", "link", "input", "path", "circle", "br"}


@define
class Form:
    """A form as a browser sends it: the names and values of what is filled in."""

    action: str  # resolved
    method: str
    fields: list[tuple[str, str]] = field(factory=list)
    offered: list[tuple[str, str, str]] = field(factory=list)  # kind, name, value of each input

    def values(self, name: str) -> list[str]:
        """Return what the fields of a name say."""
        return [value for key, value in self.fields if key == name]

    def filled(self, **changes: str | list[str] | None) -> Form:
        """Return the form with other values; None takes a field away. "__" stands for "."."""
        named = {name.replace("__", "."): value for name, value in changes.items()}
        kept = [pair for pair in self.fields if pair[0] not in named]
        for name, value in named.items():
            kept += [(name, one) for one in ([value] if isinstance(value, str) else value or [])]
        return evolve(self, fields=kept)

    @property
    def body(self) -> bytes:
        """What is sent, with line ends as browsers send them."""
        lines = [(name, value.replace("\n", "\r\n")) for name, value in self.fields]
        return urlencode(lines).encode()


class Reading(HTMLParser):
    """What a person, or a browser, finds on a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.links: list[str] = []  # every href, action and src, as written
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self._form: Form | None = None
        self._area: str | None = None
        self._typed = ""
        self._select = ""
        self._radio: dict[str, bool] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up an element."""
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in given.items()]
        self.links += [given[name] for name in ("href", "action", "src") if name in given]
        if tag not in VOID:
            self.open.append(tag)
        match tag:
            case "form":
                self._form = Form(urljoin(self.address, given["action"]), given["method"])
                self.forms.append(self._form)
            case "input":
                self._input(given)
            case "textarea":
                self._area, self._typed = given["name"], ""
            case "select":
                self._select = given["name"]
            case "option" if self._form is not None:
                self._form.offered.append(("option", self._select, given["value"]))
                if "selected" in given or not self._form.values(self._select):
                    others = [pair for pair in self._form.fields if pair[0] != self._select]
                    self._form.fields = [*others, (self._select, given["value"])]
            case _:
                pass

    def _input(self, given: dict[str, str]) -> None:
        assert self._form is not None
        kind, name, value = given.get("type", "text"), given["name"], given.get("value", "")
        self._form.offered.append((kind, name, value))
        if kind not in ("radio", "checkbox") or "checked" in given:
            self._form.fields.append((name, value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up an element of a picture that closes itself."""
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element; each must be closed where it was opened."""
        assert self.open.pop() == tag
        if tag == "textarea" and self._form is not None and self._area is not None:
            typed = self._typed.removeprefix("\n")  # a browser leaves the first one out
            self._form.fields.append((self._area, typed))
            self._form.offered.append(("textarea", self._area, typed))
            self._area = None
        elif tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        """Take up text."""
        if self._area is not None:
            self._typed += data
        self.text += data


@define
class Page:
    """An answer, read."""

    answer: PanelResponse
    address: str
    reading: Reading

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.answer.status

    @property
    def html(self) -> str:
        """The answer as text."""
        return self.answer.body.decode()

    @property
    def text(self) -> str:
        """What is on the page to read, with single spaces and without isolates."""
        said = self.reading.text.translate({0x2068: None, 0x2069: None})
        return " ".join(said.split())

    def form(self, end: str) -> Form:
        """Return the one form that is sent to an address with this end."""
        (found,) = [
            one
            for one in self.reading.forms
            if one.method == "post" and urlsplit(one.action).path.endswith(end)
        ]
        return found


@define
class Visitor:
    """A user with a panel before them, mounted at `BASE`."""

    world: World
    panel: Panel
    actor: str = "alice"
    headers: dict[str, str] = field(factory=dict)

    def open(self, address: str) -> Page:
        """Open an address: relative to where the panel is mounted, or a whole one."""
        return self._ask("GET", urljoin(BASE, address), b"")

    def send(self, form: Form) -> Page:
        """Send a form, and follow where the answer leads."""
        return self._ask("POST", form.action, form.body)

    def _ask(self, method: str, address: str, body: bytes) -> Page:
        assert address.startswith(BASE), f"{address} leads out of the panel"
        parts = urlsplit(address)
        path = unquote("/" + address.removeprefix(BASE).partition("?")[0].partition("#")[0])
        kind = {"Content-Type": FORM} if body else {}
        request = PanelRequest(method, path, parts.query, {**self.headers, **kind}, body)
        answer = self.panel.handle(request, self.world.desk(self.actor))
        if answer.status == 303:
            return self.open(urljoin(address, answer.header("Location") or ""))
        reading = Reading(address)
        if (answer.header("Content-Type") or "").startswith("text/html"):
            reading.feed(answer.body.decode())
            reading.close()
            assert [] == reading.open
        return Page(answer, address, reading)
