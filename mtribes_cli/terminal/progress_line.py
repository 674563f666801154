"""How far an import is, in one line. Pure: `console` shows it."""

from __future__ import annotations

BAR_CELLS = 20
MAX_SHOWN_SECONDS = 100 * 3600


def progress_line(*, rows: int, rejected: int, share: float | None, seconds: float) -> str:
    """Such as `[#####---------------]  25%  250,000 rows  81,000 rows/s  3 rejected  0:09 left`."""
    parts = [f"{rows:,} rows", f"{rows / seconds:,.0f} rows/s" if seconds > 0 else "", f"{rejected:,} rejected"]
    if share is not None:
        filled = int(share * BAR_CELLS)
        parts.insert(0, f"[{'#' * filled}{'-' * (BAR_CELLS - filled)}] {share:4.0%}")
        left = seconds / share - seconds if share > 0 else None
        parts.append(f"{_clock(left)} left" if left is not None and left < MAX_SHOWN_SECONDS else "")
    return "  ".join(part for part in parts if part)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
