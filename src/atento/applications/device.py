"""Which device to compute on."""

from __future__ import annotations

import torch

from atento.core.errors import ConfigurationError


def usable_device(name: str) -> torch.device:
    """The device of this name; ``auto`` is a GPU where there is one, else the processor.

    Raises:
        ConfigurationError: it cannot be used on this machine.
    """
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first = str(error).splitlines()[0]
        raise ConfigurationError(f"the device {name!r} cannot be used here ({first}); give cpu or auto") from error
    return device
