# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The text formats of other tools: what a reader says of a faulty line becomes what QIIME 2 says of an invalid file."""

from typing import Optional

from qiime2.plugin import ValidationError, model

from ..interop.tsv import FileContentError

_MIN_LINES = 100


class CheckedTextFormat(model.TextFileFormat):
    """A text file that a reader in `interop` checks: its beginning at level ``min``, all of it at level ``max``."""

    def check(self, max_lines: Optional[int]) -> None:
        """Check the first `max_lines` lines, or all where it is None.

        Raises
        ------
        FileContentError
            If a line is not what the format says.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is checked")

    def _validate_(self, level: str) -> None:
        try:
            self.check(_MIN_LINES if level == "min" else None)
        except FileContentError as error:
            raise ValidationError(str(error)) from error
