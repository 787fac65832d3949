"""The disk alarm: somebody must be told before the disk is full, and no call ever stops for it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import structlog

_log = structlog.get_logger()
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Space:
    """What is free where the recordings lie."""

    free_bytes: int
    total_bytes: int


def alarm_of(space: Space, *, percent: float, gib: float) -> tuple[str, str] | None:
    """Why the alarm is on, in Chinese and English: less than either limit is free. None when all is well. Pure."""
    free = space.free_bytes / _GIB
    share = 100 * space.free_bytes / max(space.total_bytes, 1)
    if share >= percent and free >= gib:
        return None
    return (
        f"录音磁盘剩余空间不足:剩余 {free:.1f} GiB({share:.0f}%),请尽快清理或扩容",
        f"the recordings' disk is nearly full: {free:.1f} GiB ({share:.0f} %) left",
    )


class DiskAlarm:
    """Looks when asked; remembers, so that health may be asked every second."""

    def __init__(self, folder: Path, *, percent: float, gib: float) -> None:
        self._folder, self._percent, self._gib = folder, percent, gib
        self.reason: str | None = None
        """In both languages; None when there is room."""

    def look(self) -> None:
        """Measure. Blocking, for a moment. A disk that cannot be asked is an alarm too."""
        found = self._measure()
        reason = " / ".join(found) if found else None
        if (reason is None) != (self.reason is None):
            (_log.error if reason else _log.info)("disk alarm", on=reason is not None, reason=found[1] if found else "")
        self.reason = reason

    def _measure(self) -> tuple[str, str] | None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            usage = shutil.disk_usage(self._folder)
        except OSError as failure:
            return "录音磁盘无法访问", f"the recordings' disk cannot be reached: {failure.strerror}"
        return alarm_of(Space(usage.free, usage.total), percent=self._percent, gib=self._gib)
