"""The stdio loop: `python -m esteira_worker`.

Three threads: the main one works, one reads stdin, one sends a heartbeat every second. The end of
stdin means that the host is gone, so the process leaves at once, whatever it is doing.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback

from .memory import resident_mb
from .protocol import VERSION, Call, Cancelled, Channel, WorkerError

HEARTBEAT_SECONDS = 1.0
PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "xgboost-cpu", "onnx",
            "skl2onnx", "onnxmltools", "optuna")


def package_versions():
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "missing"
    return versions


def take_stdout():
    """The protocol's own stream; whatever libraries print goes to stderr from here on."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream


def die_with_the_host():
    """Linux: the kernel ends this process with its host, even one that is stopped or whose
    interpreter is held by foreign code and would not notice the end of stdin."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def beat(channel):
    while True:
        channel.send("heartbeat", rssMb=resident_mb())
        time.sleep(HEARTBEAT_SECONDS)


class Inbox:
    """Reads the host's lines in a thread; requests queue up, a cancel takes effect at once."""

    def __init__(self, channel):
        self._channel = channel
        self._calls = {}
        self.requests = queue.Queue()

    def read(self):
        # The file descriptor itself, since a thread that holds the lock of sys.stdin's buffer would
        # deadlock the interpreter's shutdown.
        with os.fdopen(os.dup(0), "r", encoding="utf-8") as stream:
            for line in stream:
                self._take(line)
        os._exit(0)

    def _take(self, line):
        message = json.loads(line)
        if message.get("v") != VERSION:
            raise ValueError(f"protocol version {message.get('v')}, expected {VERSION}")
        kind = message["kind"]
        if kind == "request":
            call = Call(self._channel, message["id"])
            self._calls[call.id] = call
            self.requests.put((call, message["method"], message["params"]))
        elif kind == "cancel":
            call = self._calls.get(message["id"])
            if call is not None:
                call.cancelled.set()
        elif kind == "shutdown":
            os._exit(0)
        else:
            raise ValueError(f'unknown message kind "{kind}"')

    def forget(self, call):
        self._calls.pop(call.id, None)


def read_or_leave(inbox):
    try:
        inbox.read()
    except BaseException:
        traceback.print_exc()
        os._exit(70)


def run(call, method, params, packages):
    if method == "train":
        from .train import train

        return train(params, call, packages)
    if method == "tune":
        from .tune import tune

        return tune(params, call)
    raise WorkerError("METHOD_UNKNOWN", f'no method "{method}"; expected "train" or "tune"')


def answer(channel, call, method, params, packages):
    try:
        channel.send("result", id=call.id, result=run(call, method, params, packages))
    except WorkerError as error:
        channel.send("error", id=call.id, code=error.code, message=error.message, hint=error.hint)
    except Cancelled:
        channel.send("error", id=call.id, code="CANCELLED", message="cancelled", hint="")
    except MemoryError:
        channel.send("error", id=call.id, code="OUT_OF_MEMORY",
                     message="an allocation was refused", hint="")
    except Exception as error:
        traceback.print_exc()
        channel.send("error", id=call.id, code="UNEXPECTED",
                     message=f"{type(error).__name__}: {error}",
                     hint="The worker's log holds the whole traceback.")


def main():
    die_with_the_host()
    channel = Channel(take_stdout())
    packages = package_versions()
    channel.send("hello", pid=os.getpid(), python=sys.version.split()[0], packages=packages)
    inbox = Inbox(channel)
    threading.Thread(target=beat, args=(channel,), daemon=True).start()
    threading.Thread(target=read_or_leave, args=(inbox,), daemon=True).start()
    while True:
        call, method, params = inbox.requests.get()
        answer(channel, call, method, params, packages)
        inbox.forget(call)


if __name__ == "__main__":
    main()
