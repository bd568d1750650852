"""What reads texts with a trained model, by the model's family."""

from __future__ import annotations

from pathlib import Path

from atento.applications.device import usable_device
from atento.applications.reader import Reader
from atento.applications.translator import Translator
from atento.applications.writer import Writer
from atento.bundle import kind_of

Application = Translator | Writer | Reader


def load_application(path: Path, device: str) -> Application:
    """A translator, a language model's writer or a masked language model's reader, on a device that is there.

    Args:
        path: of a run or a bundle.
        device: as ``usable_device`` takes it.

    Raises:
        BundleError: there is none, or it is a classifier's.
        ConfigurationError: the device cannot be used.
    """
    chosen = str(usable_device(device))
    match kind_of(path):
        case "gpt":
            return Writer.load(path, chosen)
        case "bert":
            return Reader.load(path, chosen)
        case _:
            return Translator.load(path, chosen)
