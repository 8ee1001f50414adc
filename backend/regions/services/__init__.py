"""The only writers of grid cells (网格). Divisions above come from the official files. Duty A1. See docs/regions.md."""

from backend.regions.services.cells import (
    CellInput,
    cell_close,
    cell_create,
    cell_update,
    cells_guard,
    cells_hold,
    cells_locked,
)
from backend.regions.services.imports import CellImportReport, cells_import

__all__ = [
    "CellImportReport",
    "CellInput",
    "cell_close",
    "cell_create",
    "cell_update",
    "cells_guard",
    "cells_hold",
    "cells_import",
    "cells_locked",
]
