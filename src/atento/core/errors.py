"""Faults that the user can mend.

Each carries one line that says what was wrong, where (file and line, or key), and what to do. The command line prints
that line and exits with code 2; anything else that is raised is a defect of ours and shows its traceback.
"""

from __future__ import annotations


class AtentoError(Exception):
    """Base of every error that is the input's fault and not the program's."""


class ConfigurationError(AtentoError):
    """A recipe or an option with an unknown key or an unusable value."""


class DataError(AtentoError):
    """A corpus or text that cannot be read or used."""


class OutputError(AtentoError):
    """A file or folder that cannot be written."""


class BundleError(AtentoError):
    """A trained model on disk that is truncated, altered, or not ours."""


class TrainingError(AtentoError):
    """A training run that cannot start, go on or be resumed."""


class DivergedError(TrainingError):
    """A training run whose losses or gradients stayed infinite or undefined for too many steps."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, in Python, in NumPy or in torch (which raises a bare RuntimeError on the CPU)."""
    words = str(error)
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in words or "can't allocate memory" in words)
    )
