"""The queue: all open cancellations, for those who keep an eye on them.

Import it by its own name; `import cancelkit` does not load it.

    found = queue(desk, Filters(owner="", stage="ready"), page=2)
    for row in found.rows:
        ...
    file.writelines(csv(queue(desk, limit=None), kit))
"""

from cancelkit.queue.export import csv as csv
from cancelkit.queue.reading import CAP as CAP
from cancelkit.queue.reading import queue as queue
from cancelkit.queue.rows import STUCK_AFTER as STUCK_AFTER
from cancelkit.queue.rows import Filters as Filters
from cancelkit.queue.rows import Given as Given
from cancelkit.queue.rows import Queue as Queue
from cancelkit.queue.rows import Row as Row
from cancelkit.queue.rows import Stage as Stage
from cancelkit.queue.rows import is_stuck as is_stuck
