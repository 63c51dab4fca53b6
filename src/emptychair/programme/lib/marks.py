"""Small marks that all processes of a machine see at once, in shared memory.

For what is noted with every request and may be forgotten: it is never written to the database,
waits for no disk, and makes room for newer marks when its place is needed.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

_MARK = struct.Struct("<16sdQ")  # the hash of a key, when, and what: 32 bytes
_PLACES = 8  # where a key may lie
_NOTHING = bytes(16)


@dataclass(frozen=True)
class Mark:
    """A number of 64 bits, and when it began by the machine's monotonic clock."""

    at: float
    value: int


class Marks:
    """Marks by key.

    Args:
        name: of the file in the data folder that holds them; empty: for this process alone.
        most: how many are kept. Keys lie there as keyed hashes only.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._changing = threading.Lock()

    def get(self, key: str) -> Mark | None:
        """Return the mark of `key`, if it is still there."""
        hashed = self._hash(key)
        for start in self._starts(hashed):
            found, at, value = _MARK.unpack_from(self._memory, start)
            if found == hashed:
                # A clock that was ahead ran before the machine was started anew.
                return Mark(at, value) if at <= time.monotonic() else None
        return None

    def update(self, key: str, change: Callable[[Mark | None], Mark]) -> None:
        """Put what `change` makes of the mark of `key`; no other process does so meanwhile."""
        hashed = self._hash(key)
        with self._alone():
            mark = change(self.get(key))
            _MARK.pack_into(self._memory, self._place(hashed), hashed, mark.at, mark.value)

    def _place(self, hashed: bytes) -> int:
        """Return where `hashed` lies, or else a free place, or else that of the oldest."""
        ages = {}
        for start in self._starts(hashed):
            found, at, _ = _MARK.unpack_from(self._memory, start)
            if found == hashed:
                return start
            ages[start] = 0.0 if found == _NOTHING else at
        return min(ages, key=ages.__getitem__)

    def _starts(self, hashed: bytes) -> Iterator[int]:
        first = int.from_bytes(hashed[:8], "little")
        return (_MARK.size * ((first + step) % self._most) for step in range(_PLACES))

    def _hash(self, key: str) -> bytes:
        secret = settings.ADDRESS_KEY.encode()[:64]
        return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16, key=secret).digest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._changing:
            if self._file is None:
                yield
                return
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    @cached_property
    def _file(self) -> int | None:
        """The descriptor of the file, kept open as long as the process lives."""
        if not self._name:
            return None
        file = os.open(settings.DATA / self._name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.truncate(file, _MARK.size * self._most)
        return file

    @cached_property
    def _memory(self) -> mmap.mmap:
        return mmap.mmap(-1 if self._file is None else self._file, _MARK.size * self._most)
