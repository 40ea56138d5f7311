"""The lines between host and worker: JSON objects, one a line, version 1."""

import json
import threading

VERSION = 1


class WorkerError(Exception):
    """A failure with a code, what happened, and a way out; crosses to the host as it is."""

    def __init__(self, code, message, hint=""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Cancelled(Exception):
    """The host no longer wants the answer."""


class Channel:
    """Writes protocol lines whole, from any thread."""

    def __init__(self, stream):
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, kind, **fields):
        line = json.dumps({"v": VERSION, "kind": kind, **fields}, allow_nan=False)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


class Call:
    """One running request: its way to report progress and to learn of its cancellation."""

    def __init__(self, channel, request_id):
        self._channel = channel
        self.id = request_id
        self.cancelled = threading.Event()

    def progress(self, share, message):
        """Reports the share done in [0, 1]; raises Cancelled when the host gave up."""
        if self.cancelled.is_set():
            raise Cancelled()
        self._channel.send("progress", id=self.id, share=float(share), message=message)


def closest(name, known):
    """`Did you mean "x"?` for a mistyped name, or an empty text."""
    import difflib

    near = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else ""
