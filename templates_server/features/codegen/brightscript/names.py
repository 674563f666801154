"""Naming rules of BrightScript, which ignores case, and reserved members."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen.naming import Name, NameScope
from templates_server.features.codegen.safe_fragments import Identifier, Path

_TAKEN_MEMBERS = frozenset(
    {
        # Methods of associative arrays and nodes, which a member of that name would stand in for.
        "addfield", "addfields", "addreplace", "append", "appendchild", "appendchildren", "boundingrect", "callfunc",
        "clear", "count", "createchild", "createchildren", "delete", "doesexist", "findnode", "getchild",
        "getchildcount", "getchildren", "getfield", "getfields", "getparent", "hasfield", "hasfocus", "insertchild",
        "insertchildren", "isempty", "isinfocuschain", "isnext", "issamenode", "issubtype", "items", "keys", "lookup",
        "lookupci", "next", "observefield", "observefieldscoped", "parentsubtype", "removechild", "removechildren",
        "removefield", "reparent", "replacechild", "replacechildren", "reset", "setfield", "setfields", "setfocus",
        "setmodecasesensitive", "subtype", "unobservefield", "unobservefieldscoped", "update",
        # Fields of nodes and of Tasks.
        "change", "control", "focusable", "focusedchild", "functionname", "id", "state",
        # Reserved words; not all may follow a dot.
        "and", "as", "box", "catch", "continue", "createobject", "dim", "each", "else", "elseif", "end", "endfor",
        "endfunction", "endif", "endsub", "endtry", "endwhile", "eval", "exit", "exitwhile", "false", "for", "function",
        "getglobalaa", "getlastruncompileerror", "getlastrunruntimeerror", "goto", "if", "in", "interface", "invalid",
        "let", "library", "mod", "not", "objfun", "or", "pos", "print", "rem", "return", "run", "step", "stop", "sub",
        "tab", "then", "throw", "to", "true", "try", "type", "while",
    }
)  # fmt: skip


def prefix_of(options: Mapping[str, str], space_key: Name) -> str:
    """Return the prefix of a Space's components, functions and files: the option `prefix`, else the Space's name."""
    return options.get("prefix") or space_key.pascal


def member(name: Name) -> Identifier:
    """Return a member of a generated object."""
    return Identifier(f"{name.camel}_" if name.camel.lower() in _TAKEN_MEMBERS else name.camel)


def function(prefix: str, name: Name, what: str) -> Identifier:
    """Return a function such as `Vod_Hero_Experience`; kinds never collide, as words of names have no underscore."""
    return Identifier(f"{prefix}_{name.pascal}_{what}")


def event_function(prefix: str, name: Name) -> Identifier:
    """Return a function such as `Vod_VideoCompleted`, never that of the fields."""
    return Identifier(f"{prefix}_{name.pascal}" + ("_" if name.pascal.lower() == "fields" else ""))


def file_path(folder: str, prefix: str, name: Name) -> Path:
    """Return the file path of a template below the output folder."""
    return Path(f"{folder}/{prefix}_{name.pascal}.brs")


def identifier(scope: NameScope, name: Name) -> str:
    """Return the identifier an app uses: a member, or the base name of a template's or event's functions and file."""
    if scope in {NameScope.EXPERIENCE, NameScope.SECTION, NameScope.EVENT}:
        return name.camel
    return member(name).text
