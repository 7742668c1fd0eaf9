# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The device that a network runs on."""

DEVICES = ("auto", "cpu", "cuda", "mps")


class DeviceError(ValueError):
    """The device that was asked for is not there."""


def resolve_device(device: str) -> str:
    """Find the device to run on.

    Parameters
    ----------
    device : str
        ``cuda`` (an NVIDIA or AMD GPU), ``mps`` (an Apple GPU), ``cpu``, or ``auto``: the first of these that is there.

    Returns
    -------
    str
        ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    DeviceError
        If the device is not there.
    ValueError
        If there is no device of that name.
    """
    import torch

    if device not in DEVICES:
        raise ValueError(f"The device is {device!r}; expected one of {', '.join(DEVICES)}.")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, is_there in there.items() if is_there)
    if not there[device]:
        found = ", ".join(name for name, is_there in there.items() if is_there)
        reason = ""
        if device == "cuda" and torch.version.cuda is None and torch.version.hip is None:
            reason = f" The installed PyTorch ({torch.__version__}) is built without support for GPUs."
        raise DeviceError(
            f"The device {device} was asked for and is not there; found: {found}.{reason} Use `device auto`, or run "
            f"where there is a GPU and PyTorch is built for it."
        )
    return device
