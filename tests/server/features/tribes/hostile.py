"""More than three hundred texts that break what is careless: quotes, paths, encodings, forms, types, sizes."""

from __future__ import annotations

_MARKS = (
    "'", "''", '"', '""', "\\", "\\'", '\\"', "\\\\", "%", "%%", "_", "%s", "%(x)s", "?", "??", "$1", ":x",
    "::text", "{}", "{0}", "{{", "--", "/*", "*/", ";", "`", "~", "#", "@", "&", "|", "||", "^", "*", "(", ")", "=",
    "<>", "!",
)  # fmt: skip
_STATEMENTS = (
    "' OR '1'='1", "'; DROP TABLE persons; --", '" OR ""="', "') OR 1=1 --", "NULL", "null", "NOT NULL", "IS TRUE",
    "SELECT 1", "1; DELETE FROM events", "x' UNION SELECT token_hash FROM tokens --", "\\x27 OR 1=1",
    "CAST(1 AS text)", "E'\\\\'", "$$x$$", "CHAR(39)", "pg_sleep(1)", "load_extension('x')",
    "ATTACH ':memory:' AS m", "COPY persons TO '/tmp/x'",
)  # fmt: skip
_JSON = (
    "$", "$.plan", '$."plan"', "$[0]", "[0]", "a.b", "a[0]", "{}", '{"a":1}', "[]", '["x"]', '","', '":"',
    '":"gold"', '"plan":"gold"', ",", ":", "x,", "\\u0000", "\\u0041", "\\ud83d\\ude00", "\\n", "\\/", "true",
    "false", "NaN", "Infinity", "-Infinity", "undefined",
)  # fmt: skip
_CONTROLS = (*map(chr, range(1, 32)), "\x7f", "\x80", "\x85", "\x9f", "\r\n", "a\nb", "\na", "a\n", "\t\t")
_INVISIBLE = (
    "\u00a0", "\u00ad", "\u034f", "\u061c", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028",
    "\u2029", "\u202a", "\u202e", "\u2060", "\u2066", "\u3000", "\ufeff", "\ufff9", "\ufffd", "\ufffe", "\uffff",
    "\u0301", "\u20dd", "\U000e0001", "\U000e0041",
)  # fmt: skip
_FORMS = (
    "\u00e9", "e\u0301", "\u00df", "\u1e9e", "ss", "SS", "\u0130", "i\u0307", "\u0131", "I", "i", "\u01c6",
    "\ufb00", "ff", "\u212b", "\u00c5", "A\u030a", "\u2126", "\u03a9", "\u03c3", "\u03c2", "\u03a3", "\u1f80",
    "\u0344", "\u0308\u0301", "\uac00", "\u1100\u1161", "\u30ab\u3099", "\u30ac", "\u2160", "\u00b5", "\u03bc",
    "\uff21", "\u00b2", "\u2460",
)  # fmt: skip
_SCRIPTS = (
    "\u65e5\u672c", "\u304b\u306a", "\u30ab\u30ca", "\u0639\u0631\u0628\u0649", "\u05e2\u05d1\u05e8\u05d9\u05ea",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e44\u0e17\u0e22", "\U0001f600", "\U0001f1e9\U0001f1ea",
    "\U0001f469\u200d\U0001f467", "\U0001f3f3\ufe0f", "\U00010000", "\U0010ffff", "\U0010fffe", "\ue000", "\ud7ff",
    "\U0001d54f", "\U00020000", "a\U0001f600b",
)  # fmt: skip
_NUMBERS = (
    "0", "1", "1.0", "01", "-0", "+1", "1e3", "1E400", "0x10", "0b1", "1_000", "1,5", "\u0661", "9007199254740993",
    "340282366920938463463374607431768211456", ".5", "5.", "--1",
)  # fmt: skip
_DATES = (
    "2026-11-21", "2026-11-21T00:00:00Z", "2026-11-21t00:00:00z", "2026-11-21 00:00:00Z", "2026-11-21T00:00:00",
    "2026-11-21T24:00:00Z", "2026-11-21T23:59:60Z", "2026-13-45", "2026-02-29", "0000-00-00", "0001-01-01",
    "0001-01-01T00:00:00+23:59", "9999-12-31", "9999-12-31T23:59:59-23:59", "2026-11-21T00:00:00.1234567890123Z",
    "2026-11-21T00:00:00+00:00:00", "20261121", "2026-W47-6", "\u0662\u0660\u0662\u0666-11-21", "now", "infinity",
    "today",
)  # fmt: skip
_SPACES = (
    "", " ", "  ", " gold", "gold ", "gold\u00a0", "Gold", "GOLD", "gol", "golden", "old", "g\u043eld", "gold/",
    "/gold",
)  # fmt: skip
_ELSEWHERE = (
    "${jndi:ldap://x}", "<script>alert(1)</script>", "../../etc/passwd", "C:\\nul", "\x1b[31m", "=1+1", "@SUM(A1)",
    "[/red]", "%00", "%2F", "&amp;", "http://x/?a=b&c=d", "x" * 300, "\U0001f600" * 90, "a" * 63 + "\u00e9",
    "'" * 99,
)  # fmt: skip

HOSTILE: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *_MARKS, *(f"gold{mark}" for mark in _MARKS), *_STATEMENTS, *_JSON, *_CONTROLS,
            *_INVISIBLE, *_FORMS, *_SCRIPTS, *_NUMBERS, *_DATES,
            *_SPACES, *_ELSEWHERE,
        )
    )
)  # fmt: skip
