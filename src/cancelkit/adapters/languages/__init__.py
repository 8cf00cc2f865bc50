"""Languages: catalogues of texts with the plural forms, dates and numbers of a locale.

Needs the extra `languages` (Babel). There are English and German; docs/languages.md says how to
write another one.
"""

from cancelkit.adapters.languages.catalogues import LANGUAGES as LANGUAGES
from cancelkit.adapters.languages.catalogues import catalogue as catalogue
from cancelkit.adapters.languages.catalogues import catalogue_of as catalogue_of
from cancelkit.adapters.languages.catalogues import languages as languages
from cancelkit.adapters.languages.choosing import preferred as preferred
from cancelkit.adapters.languages.formats import Formats as Formats
from cancelkit.adapters.languages.formats import formats as formats
from cancelkit.adapters.languages.isolating import isolated as isolated
from cancelkit.adapters.languages.isolating import isolating as isolating
