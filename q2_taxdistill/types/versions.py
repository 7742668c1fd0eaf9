# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Versions of the formats that this package defines."""

import json

from qiime2.plugin import ValidationError


def read_versioned_json(path: str, what: str, newest: int) -> dict:
    """Read a JSON object and check its `format_version`.

    Raises
    ------
    ValidationError
        If the file is no JSON object, has no version, or was written by a version of the format that this package
        does not know yet.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValidationError(f"{path} is not JSON: {error}.") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if not isinstance(version, int) or version < 1:
        raise ValidationError(
            f"{path} says the format version is {version!r}; expected a whole number from 1 to {newest}."
        )
    if version > newest:
        versions = content.get("versions")
        package = versions.get("q2-taxdistill") if isinstance(versions, dict) else None
        writer = content.get("q2_taxdistill") or package or "of an unknown version"
        raise ValidationError(
            f"The {what} is in format version {version}, written by q2-taxdistill {writer}; this q2-taxdistill reads "
            f"versions up to {newest}. Update q2-taxdistill to use it."
        )
    return content
