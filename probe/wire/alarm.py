"""Wakes the event loop at an instant: by the kernel's own timer where there is one.

uvloop's timers count whole milliseconds and ring up to one early; asyncio's wait in whole milliseconds, too. A timerfd
counts nanoseconds and is just another file that becomes readable. Python 3.11 has no words for it.
"""

import asyncio
import ctypes
import os
import struct
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Protocol

# include/uapi/linux/time.h and timerfd.h; the two flags are those of open(2)
_CLOCK_MONOTONIC: Final = 1
_FLAGS: Final = os.O_NONBLOCK | os.O_CLOEXEC if os.name == "posix" else 0
_EXPIRATIONS: Final = 8
_SETTING: Final = struct.Struct("@llll")
"""An interval and a time, each in seconds and nanoseconds."""
_GRAIN: Final = 0.0015
"""Seconds by which a timer of uvloop may be early: it rounds to milliseconds, and begins to count up to one ago."""


class Alarm(Protocol):
    """Rings once for each time that it is set."""

    def set(self, seconds: float) -> None:
        """Ring once, *seconds* from now, and not when it was set to before; in the past means at once."""
        ...

    def close(self) -> None:
        """Never ring again. May be said twice."""
        ...


class LoopAlarm:
    """Rings by a timer of the running event loop: to its grain, and never early."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._grain = _GRAIN if type(self._loop).__module__.startswith("uvloop") else 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Ring once, *seconds* from now, and not when it was set to before; in the past means at once."""
        self.close()
        self._timer = self._loop.call_later(max(0.0, seconds) + self._grain, self._ring)

    def close(self) -> None:
        """Never ring again. May be said twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class KernelAlarm:
    """Rings by a timerfd that the running event loop reads.

    Raises:
        OSError: the kernel has none, or none left.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        calls = _libc()
        if calls is None:
            raise OSError("this system has no timerfd")
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._settime = calls.timerfd_settime
        self._setting = bytearray(_SETTING.size)
        self._address = (ctypes.c_char * _SETTING.size).from_buffer(self._setting)
        self._file: int | None = calls.timerfd_create(_CLOCK_MONOTONIC, _FLAGS)
        if self._file == -1:
            raise OSError(ctypes.get_errno(), "no timerfd")
        self._loop.add_reader(self._file, self._read)

    def set(self, seconds: float) -> None:
        """Ring once, *seconds* from now, and not when it was set to before; in the past means at once."""
        if self._file is None:
            return
        nanoseconds = max(1, int(seconds * 1e9))  # 0 would switch it off
        _SETTING.pack_into(self._setting, 0, 0, 0, *divmod(nanoseconds, 1_000_000_000))
        if self._settime(self._file, 0, self._address, None):
            raise OSError(ctypes.get_errno(), "the timerfd was not set")

    def close(self) -> None:
        """Never ring again. May be said twice."""
        if self._file is not None:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = None

    def _read(self) -> None:
        if self._file is None:
            return  # closed in the same turn of the loop in which it rang
        try:
            os.read(self._file, _EXPIRATIONS)
        except BlockingIOError:
            return  # set anew since it rang
        self._ring()


def alarm(ring: Callable[[], None]) -> Alarm:
    """An alarm for the running event loop that calls *ring*: the kernel's, else the loop's."""
    try:
        return KernelAlarm(ring)
    except OSError:
        return LoopAlarm(ring)


@cache
def _libc() -> Any:
    """The C library if it has timerfds whose seconds are a machine word of 64 bits, else None."""
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_long) != _EXPIRATIONS:
        return None
    library = ctypes.CDLL(None, use_errno=True)
    try:
        library.timerfd_create.argtypes = (ctypes.c_int, ctypes.c_int)
        library.timerfd_settime.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    except AttributeError:
        return None
    return library
