"""What a web process keeps for its whole life is taken out of the garbage collector's rounds."""

import gc

from django.urls import get_resolver


def settle() -> None:
    """Call once everything is imported. A full round then walks what requests left, not the models and the admin."""
    _ = get_resolver().url_patterns  # imports every view, which would else wait for the first request
    gc.collect()
    gc.freeze()
    # An upload makes thousands of objects that go with it; each seven hundred of them would be walked.
    gc.set_threshold(10_000, 20, 20)
