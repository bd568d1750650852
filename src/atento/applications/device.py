"""Which device to compute on."""

from __future__ import annotations

import torch

from atento.core.errors import ConfigurationError, is_out_of_memory


def usable_device(name: str) -> torch.device:
    """The device of this name; ``auto`` is a GPU where there is one, else the processor.

    Raises:
        ConfigurationError: it cannot be used on this machine.
    """
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.empty(0, device=device).cpu()  # torch's "meta" holds no numbers
    except (RuntimeError, AssertionError, ImportError) as error:
        if is_out_of_memory(error):
            raise
        raise ConfigurationError(f"the device {name!r} cannot be used here; give cpu or auto") from error
    return device
