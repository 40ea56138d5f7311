"""Opens skops files. The list of trusted types is ours: the one a model brings along is not read."""

import warnings
import zipfile

from .globals import permitted
from .refusal import Refusal, first_line

MAX_UNPACKED_BYTES = 2 << 30


def read_skops(path):
    """(model, notes)."""
    import skops.io

    _check_size(path)
    try:
        asked = skops.io.get_untrusted_types(file=path)
    except Refusal:
        raise
    except Exception as error:
        raise _unreadable(error) from error
    for name in asked:
        module, _, own = name.rpartition(".")
        permitted(module, own)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = skops.io.load(path, trusted=list(asked))
    except MemoryError:
        raise
    except Exception as error:
        raise _unreadable(error) from error
    return model, [first_line(item.message) for item in caught if "version" in str(item.message)][:3]


def _check_size(path):
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable(error) from error
    if size > MAX_UNPACKED_BYTES:
        raise Refusal("MODEL_TOO_LARGE", f"the skops file unpacks to {size} bytes, at most "
                      f"{MAX_UNPACKED_BYTES} are read", "Make the model smaller.")


def _unreadable(error):
    return Refusal("MODEL_FILE_INVALID", f"the skops file cannot be read: {first_line(error)}",
                   "It may be cut off, or made by versions that differ too much: log the model "
                   "again.")
