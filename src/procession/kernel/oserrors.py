"""Which errno means what, in the words of this project."""

from __future__ import annotations

import errno

TYPE_CHECKING = False  # `typing` is slow to import, and the keeper imports this
if TYPE_CHECKING:
    from typing import Final

OUT_OF_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})
OUT_OF_PROCESSES: Final = frozenset({errno.EAGAIN, errno.ENOMEM})
