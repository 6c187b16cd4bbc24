"""Python's collector of cycles, in processes that live long."""

from __future__ import annotations

import gc


def keep_what_is_loaded() -> None:
    """What is loaded now stays for ever: the collector need not look at it again.

    A full collection stops everything for as long as it takes to visit every object: 150 ms with
    the modules and templates of the web process, however little there is to collect.
    """
    gc.collect()
    gc.freeze()
