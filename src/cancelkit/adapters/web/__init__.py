"""The panel: what the CRM's user sees, as data, as HTML pages, and as a JSON API.

It knows no framework: `Panel.handle` makes a response from a request at a desk. The shells of the
frameworks (`cancelkit.adapters.starlette`, `cancelkit.adapters.flask`) hand both over.
"""

from cancelkit.adapters.web.panel import Panel as Panel
from cancelkit.adapters.web.security import HostToken as HostToken
from cancelkit.adapters.web.values import PanelRequest as PanelRequest
from cancelkit.adapters.web.values import PanelResponse as PanelResponse
