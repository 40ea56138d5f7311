"""Opens pickles of clients with an allow-list instead of the whole of Python."""

import pickle
import warnings

from .globals import permitted
from .refusal import Refusal, first_line


class _IsJoblib(Exception):
    pass


class _AllowListing(pickle.Unpickler):
    def find_class(self, module, name):
        if module == "joblib.numpy_pickle" and name == "NumpyArrayWrapper":
            raise _IsJoblib()
        return permitted(module, name)

    def persistent_load(self, pid):
        raise Refusal("MODEL_FILE_INVALID", "the pickle refers to objects outside the file",
                      "Log the model again with mlflow.sklearn.log_model.")


def read_pickle(path):
    """(model, notes). The file may have been written by pickle, cloudpickle or joblib."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = _read(path)
    except (Refusal, MemoryError):
        raise
    except Exception as error:
        raise Refusal("MODEL_FILE_INVALID", f"the pickle cannot be read: {first_line(error)}",
                      "It may be cut off, or made by versions that differ too much: log the model "
                      "again.") from error
    return model, [first_line(warning.message) for warning in caught
                   if "version" in str(warning.message)][:3]


def _read(path):
    try:
        with open(path, "rb") as file:
            return _AllowListing(file).load()
    except _IsJoblib:
        with open(path, "rb") as file:
            return _joblib_unpickler(path, file).load()


def _joblib_unpickler(path, file):
    from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

    class Wrapper(NumpyArrayWrapper):
        def read_array(self, unpickler, *rest):
            # joblib opens arrays of objects with a pickle of its own, without the list.
            if self.dtype.hasobject:
                import numpy

                array = _AllowListing(unpickler.file_handle).load()
                return numpy.asarray(array, dtype=object).reshape(self.shape)
            return super().read_array(unpickler, *rest)

    class Unpickler(NumpyUnpickler):
        def find_class(self, module, name):
            if module == "joblib.numpy_pickle" and name == "NumpyArrayWrapper":
                return Wrapper
            return permitted(module, name)

    return Unpickler(path, file, ensure_native_byte_order=True)
