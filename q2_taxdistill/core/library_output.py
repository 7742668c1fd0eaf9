# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""transformers, imported where it is used, and kept from writing to the user's terminal."""

from collections.abc import Iterator
from contextlib import contextmanager


def import_transformers():
    """Import transformers, which is an optional part of the installation.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to install it.
    """
    try:
        import transformers
    except ImportError as error:
        raise ImportError(
            "Genomic language models need the package transformers, which is not installed here. Install it with "
            "`pip install 'q2-taxdistill[language-model]'`."
        ) from error
    return transformers


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence the log and the progress bars of transformers; what we have to say of a checkpoint we say ourselves."""
    logging = import_transformers().utils.logging
    verbosity, had_bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bar:
            logging.enable_progress_bar()
