"""Takes away from this process what reading a model does not need, before anything is loaded."""

import os
import resource
import sys
import sysconfig

from .kernel import confine_by_kernel
from .refusal import Refusal

SYSTEM_FILES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo",
                "/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system/cpu", "/proc/cpuinfo",
                "/proc/meminfo", "/dev/null", "/dev/zero", "/dev/urandom")
REFUSED_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
                  "os.fork", "os.kill", "os.putenv", "os.chmod", "os.chown", "os.link",
                  "os.symlink", "os.setxattr", "os.startfile", "pty.", "ftplib.", "http.", "imaplib.",
                  "nntplib.", "poplib.", "smtplib.", "telnetlib.", "urllib.", "webbrowser.",
                  "ensurepip.", "fcntl.", "mmap.__new__", "resource.prlimit", "signal.pthread_kill",
                  "sqlite3.", "syslog.", "sys.setprofile", "sys.settrace", "winreg.", "msvcrt.")
CHANGING_EVENTS = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "shutil.",
                   "tempfile.")
HARMLESS_EVENTS = ("sqlite3.enable_load_extension",)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ReachedOut(PermissionError):
    """The model asked for something outside; which code holds back, and no handler hides."""


class Confinement:
    """What is in force, and the first thing that was refused."""

    def __init__(self):
        self.in_force = []
        self.refused = None

    def check(self):
        if self.refused is not None:
            raise Refusal("MODEL_REACHED_OUT", f"the model {self.refused}",
                          "Do not use this model; find out who logged it, and why.")


def confine(folder, limits, prepare=lambda: None):
    """One way: limits, the kernel's rules, an audit hook. Reads: Python, libraries and `folder`.

    `prepare` imports what is needed later: libraries do things at import that a model may not.
    """
    folder = os.path.realpath(folder)
    readable = _readable(folder)
    confinement = Confinement()
    _limit(limits)
    confinement.in_force = ["limits", *confine_by_kernel(readable, [folder])]
    if "seccomp" not in confinement.in_force:
        _lower("RLIMIT_NPROC", 0)
    prepare()
    _watch(confinement, folder, readable)
    confinement.in_force.append("audit-hook")
    return confinement


def _readable(folder):
    own = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    python = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"),
              sysconfig.get_path("platstdlib"), sysconfig.get_config_var("LIBDIR") or sys.prefix}
    system = [*SYSTEM_FILES, f"/proc/{os.getpid()}"]
    # A prefix of "/usr" is wider than needed, but holds no data of the host.
    return [os.path.realpath(path) for path in (*python, *system, own, folder) if path != "/"]


def _limit(limits):
    _lower("RLIMIT_CORE", 0)
    _lower("RLIMIT_AS", limits["memoryBytes"])
    _lower("RLIMIT_CPU", limits["cpuSeconds"])
    _lower("RLIMIT_FSIZE", limits["fileBytes"])
    _lower("RLIMIT_NOFILE", 256)


def _lower(name, value):
    """Some systems know a limit and refuse to set it; the others hold all the same."""
    try:
        resource.setrlimit(getattr(resource, name), (value, value))
    except (AttributeError, ValueError, OSError):
        pass


def _watch(confinement, folder, readable):
    inside = folder + os.sep
    roots = tuple(path + os.sep for path in readable)

    def within(path, places, exact):
        place = os.path.realpath(os.fsdecode(path))
        return place in exact or place.startswith(places)

    def refuse(what):
        if confinement.refused is None:
            confinement.refused = what
        raise ReachedOut(what)

    def hook(event, values):
        if event == "open":
            _, mode, flags = values
            path = values[0]
            if path is None or isinstance(path, int):
                return
            writes = (flags or 0) & WRITING or (isinstance(mode, str) and set(mode) & set("wax+"))
            # Libraries look for settings in many places; only what a model could write is told.
            if writes and not within(path, (inside,), {folder, "/dev/null"}):
                refuse(f"tried to write {os.fsdecode(path)!r}")
            if not writes and not within(path, roots, readable):
                raise ReachedOut(f"may not read {os.fsdecode(path)!r}")
        elif event.startswith(REFUSED_EVENTS) and event not in HARMLESS_EVENTS:
            refuse(f"tried {event}")
        elif event.startswith(CHANGING_EVENTS):
            paths = [value for value in values if isinstance(value, (str, bytes, os.PathLike))]
            if any(not within(path, (inside,), {folder}) for path in paths):
                refuse(f"tried {event} on {os.fsdecode(paths[0])!r}")

    sys.addaudithook(hook)
