"""Line breaks as in google-java-format: on one line if it fits into 100 columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from templates_server.features.codegen.java.literals import LINE_WIDTH
from templates_server.features.codegen.safe_fragments import CodeFragment, SafeFragment

CONTINUATION = 4


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A method call: `head` ends before its opening bracket."""

    head: str
    arguments: Sequence[SafeFragment | MethodCall]

    @property
    def text(self) -> str:
        """The whole call on one line."""
        return f"{self.head}({', '.join(argument.text for argument in self.arguments)})"


def statement(head: str, of: SafeFragment | MethodCall, tail: str, *, indent: int) -> CodeFragment:
    """Return `head value tail`, such as `return call();` with the head `return `, without the first line's indent."""
    return CodeFragment(_broken(head, of, tail, indent=indent))


def assignment(head: str, of: SafeFragment | MethodCall, *, indent: int) -> CodeFragment:
    """Return `head = value;`, with the value on the next line if they do not fit on one."""
    if _fits(f"{head} = {of.text};", indent):
        return CodeFragment(f"{head} = {of.text};")
    inner = indent + CONTINUATION
    return CodeFragment(f"{head} =\n{' ' * inner}{_broken('', of, ';', indent=inner)}")


def method_head(returned: str, signature: str, *, indent: int) -> CodeFragment:
    """Return `public Type name() {`, with the name on the next line if they do not fit on one."""
    flat = f"public {returned} {signature} {{"
    if _fits(flat, indent):
        return CodeFragment(flat)
    return CodeFragment(f"public {returned}\n{' ' * (indent + CONTINUATION)}{signature} {{")


def _broken(head: str, of: SafeFragment | MethodCall, tail: str, *, indent: int) -> str:
    flat = f"{head}{of.text}{tail}"
    if not isinstance(of, MethodCall) or not of.arguments or _fits(flat, indent):
        return flat
    inner = indent + CONTINUATION
    joined = ", ".join(argument.text for argument in of.arguments) + f"){tail}"
    if _fits(joined, inner):
        return f"{head}{of.head}(\n{' ' * inner}{joined}"
    *first, last = of.arguments
    lines = [_broken("", argument, ",", indent=inner) for argument in first]
    lines.append(_broken("", last, f"){tail}", indent=inner))
    return f"{head}{of.head}(\n" + "\n".join(f"{' ' * inner}{line}" for line in lines)


def _fits(text: str, indent: int) -> bool:
    return indent + len(text) <= LINE_WIDTH
