"""What the Linux kernel refuses to this process from now on: Landlock for files, seccomp for calls.

Both are one-way, need no privilege, and hold for whatever the process runs later. Numbers are those
of the kernel's headers for x86-64 and 64-bit ARM.
"""

import ctypes
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_TSYNC = 1
ALLOW, REFUSE, ABSENT = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38
KILL = 0x80000000
CLONE_THREAD = 0x00010000

# name: (x86-64, ARM); None where the architecture has no such call.
REFUSED = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206),
    "sendmsg": (46, 211), "recvmsg": (47, 212),
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "setpriority": (141, 140),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "utimensat": (280, 88),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "mount": (165, 40), "umount2": (166, 39), "chroot": (161, 51), "pivot_root": (155, 41),
    "setns": (308, 268), "unshare": (272, 97), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "open_by_handle_at": (304, 265), "swapon": (167, 224),
    "reboot": (169, 142), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "sethostname": (170, 161), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "setuid": (105, 146), "setgid": (106, 144),
}
CLONE, CLONE3, PRLIMIT = (56, 220), (435, 435), (302, 261)
AUDIT_ARCH = (0xC000003E, 0xC00000B7)
SECCOMP_CALL = (317, 277)

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ = 1 << 2 | 1 << 3
MAKE = sum(1 << bit for bit in range(1, 13)) | READ
# By version of Landlock: rights over files that it can take away.
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
# Making devices, sockets and pipes, or running files, is not among what is given back.
WORK = 1 << 1 | READ | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8


def _architecture():
    machine = platform.machine()
    return {"x86_64": 0, "aarch64": 1, "arm64": 1}.get(machine)


class _Library:
    def __init__(self):
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl

    def call(self, number, *values):
        words = [value if isinstance(value, (ctypes.c_void_p, ctypes.Array)) or value is None
                 else ctypes.c_long(value) for value in values]
        result = self._call(ctypes.c_long(number), *words)
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    def no_new_privileges(self):
        if self._prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no_new_privs")


def confine_by_kernel(readable, writable):
    """Names of what is in force now; empty where the system has none of it."""
    if platform.system() != "Linux":
        return []
    library, in_force = _Library(), []
    try:
        library.no_new_privileges()
    except OSError:
        return []
    for name, confine in (("landlock", lambda: _landlock(library, readable, writable)),
                          ("seccomp", lambda: _seccomp(library))):
        try:
            confine()
            in_force.append(name)
        except (OSError, KeyError, TypeError):
            continue
    return in_force


def _landlock(library, readable, writable):
    version = library.call(LANDLOCK_CREATE, None, 0, 1)
    files = (1 << RIGHTS[min(version, 5)]) - 1
    if version >= 6:
        attributes = struct.pack("QQQ", files, 3, 3)
    elif version >= 4:
        attributes = struct.pack("QQ", files, 3)
    else:
        attributes = struct.pack("Q", files)
    rules = library.call(LANDLOCK_CREATE, ctypes.create_string_buffer(attributes, len(attributes)),
                         len(attributes), 0)
    truncate = 1 << 14 if version >= 3 else 0
    try:
        for path in readable:
            _permit(library, rules, path, READ)
        for path in writable:
            _permit(library, rules, path, (WORK | truncate) & files)
        library.call(LANDLOCK_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _permit(library, rules, path, rights):
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= 1 << 1 | 1 << 2 | 1 << 14
        rule = struct.pack("=Qi", rights, place)
        library.call(LANDLOCK_ADD, rules, 1, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(place)


def _seccomp(library):
    kind = _architecture()
    if kind is None:
        raise KeyError(platform.machine())
    program = _program(kind)
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    steps = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(steps))
    library.call(SECCOMP_CALL[kind], SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
                 ctypes.create_string_buffer(head, len(head)))


def _program(kind):
    """Instructions of the filter: (operation, jump if true, jump if false, value)."""
    load, equal, set_bits, answer = 0x20, 0x15, 0x45, 0x06
    at_or_above = 0x35
    program = [(load, 0, 0, 4), (equal, 1, 0, AUDIT_ARCH[kind]), (answer, 0, 0, KILL),
               (load, 0, 0, 0)]
    if kind == 0:
        # The x32 calls of x86-64 are the same ones under other numbers.
        program += [(at_or_above, 0, 1, 0x40000000), (answer, 0, 0, REFUSE)]
    for numbers in REFUSED.values():
        if numbers[kind] is not None:
            program += [(equal, 0, 1, numbers[kind]), (answer, 0, 0, REFUSE)]
    # glibc goes back to clone when clone3 is absent; its flags can be looked at.
    program += [(equal, 0, 1, CLONE3[kind]), (answer, 0, 0, ABSENT)]
    program += [(equal, 0, 4, CLONE[kind]), (load, 0, 0, 16), (set_bits, 1, 0, CLONE_THREAD),
                (answer, 0, 0, REFUSE), (answer, 0, 0, ALLOW)]
    program += [(equal, 0, 4, PRLIMIT[kind]), (load, 0, 0, 16), (equal, 1, 0, 0),
                (answer, 0, 0, REFUSE), (answer, 0, 0, ALLOW)]
    return [*program, (answer, 0, 0, ALLOW)]
