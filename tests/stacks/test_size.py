"""What the code of the demo Space weighs, by platform, and which part of the runtime how much of that."""

from __future__ import annotations

import functools
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path

import pytest

from templates_server.features.codegen.renderer import render
from templates_server.features.codegen.templates import FOLDER
from templates_server.features.codegen.typescript import RUNTIME_PARTS
from templates_server.features.codegen.typescript.space_modules import HEADER
from tests.manual import page_text
from tests.server.features.codegen.reference_space import HOST, vod
from tests.server.features.codegen.toolchain import write_tree
from tests.stacks.projects import esbuild

pytestmark = pytest.mark.slow

MOST_BYTES = {"everywhere": 10_020, "browser": 9_216}
"""More is a fault: for pages alone 9 KB, and for all platforms little more than it is."""
OPTIONS: Mapping[str, Mapping[str, str]] = {"everywhere": {}, "browser": {"platform": "browser"}}
ROWS = {"everywhere": "not given", "browser": "`browser`"}
"""What the manual calls the platforms."""
TOLERANCE_KILOBYTES = 0.1
FEATURES = {
    "events": "events",
    "kept": "events",
    "recording": "events",
    "storage": "storage, anonymous ID",
    "identity": "storage, anonymous ID",
    "follower": "following changes",
    "tabs": "following changes",
    "options": "options",
    "callers": "servers",
    "ending": "servers",
    "the model": "the model",
}
"""What the parts of the runtime are for; the others are for sessions and reading."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """All that `index` exports for each platform, minified, with its source map beside it."""
    return {platform: bundle_of(tmp_path_factory.mktemp("size"), OPTIONS[platform]) for platform in OPTIONS}


def bundle_of(folder: Path, options: Mapping[str, str]) -> Path:
    """The code of the demo Space with these options, minified, in the folder."""
    write_tree(folder, render(vod(), "typescript", {"host": HOST, **options}))
    arguments = ("--bundle", "--minify", "--format=esm", "--target=es2020", "--sourcemap=external")
    esbuild("index.ts", *arguments, "--outfile=out.js", folder=folder)
    return folder / "out.js"


def gzipped_bytes(bundle: Path) -> int:
    """How much of it is sent."""
    return len(gzip.compress(bundle.read_bytes(), mtime=0))


@pytest.mark.parametrize("platform", OPTIONS)
def test_the_demo_space_is_no_larger_than_it_was(platform: str, bundles: Mapping[str, Path]) -> None:
    bundle = bundles[platform]
    total = gzipped_bytes(bundle)
    told = "\n".join(f"{part:>12} {share * total:6.0f} bytes {share:6.1%}" for part, share in shares_of_parts(bundle))
    print(f"{platform}: {total} bytes, minified and gzipped:\n{told}")  # noqa: T201  the report of this proof
    assert total <= MOST_BYTES[platform], told


@pytest.mark.parametrize("platform", OPTIONS)
def test_the_manual_tells_the_size_as_it_is_and_the_share_of_each_feature(
    platform: str, bundles: Mapping[str, Path]
) -> None:
    bundle = bundles[platform]
    kilobytes = gzipped_bytes(bundle) / 1024
    sizes = defaultdict(float, {"all": kilobytes})
    for part, share in shares_of_parts(bundle):
        sizes[FEATURES.get(part, "sessions and reading")] += share * kilobytes
    told = told_in_manual(platform)
    assert sizes.keys() <= told.keys()
    for feature, size in told.items():
        assert size == pytest.approx(sizes[feature], abs=TOLERANCE_KILOBYTES), feature


def told_in_manual(platform: str) -> dict[str, float]:
    """What the table of the manual tells of the platform, by column."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in page_text("development/benchmarks").split("\n")
    ]
    [header] = [row for row in rows if "sessions and reading" in row]
    [told] = [row for row in rows if row[:1] == [ROWS[platform]] and len(row) == len(header)]
    return dict(zip(header[1:], map(float, told[1:]), strict=True))


def shares_of_parts(bundle: Path) -> list[tuple[str, float]]:
    """Each part of the runtime, and the model's own code, by its share of the minified bytes, the largest first."""
    source_map = json.loads(bundle.with_name("out.js.map").read_text("utf-8"))
    columns = Counter[str]()
    for source, line, width in segments(source_map["mappings"], bundle.read_text("utf-8")):
        columns[part_at(source_map["sources"][source], line)] += width
    total = sum(columns.values())
    return [(part, width / total) for part, width in columns.most_common()]


def part_at(source: str, line: int) -> str:
    """The part of the runtime that a line of a source comes from."""
    if not source.endswith("runtime.ts"):
        return "the model"
    return next(part for part, end in zip(RUNTIME_PARTS, ends_of_parts(), strict=True) if line < end)


@functools.cache
def ends_of_parts() -> list[int]:
    """The line after each part of the runtime."""
    texts = [(FOLDER / "typescript" / "runtime" / f"{part}.ts").read_text("utf-8") for part in RUNTIME_PARTS]
    return list(accumulate((text.count("\n") + 1 for text in texts), initial=HEADER.count("\n")))[1:]


def segments(mappings: str, text: str) -> Iterator[tuple[int, int, int]]:
    """Of each piece of the text: the number of its source, the line there, and how wide it is."""
    source = line = 0
    for mapped, written in zip(mappings.split(";"), text.split("\n"), strict=False):
        column, pieces = 0, []
        for fields in map(numbers, filter(None, mapped.split(","))):
            column += fields[0]
            source, line = source + fields[1], line + fields[2]
            pieces.append((column, source, line))
        ends = [start for start, _, _ in pieces[1:]] + [len(written)]
        yield from ((source, line, end - start) for (start, source, line), end in zip(pieces, ends, strict=True))


def numbers(encoded: str) -> list[int]:
    """The numbers of a segment of a source map, in base 64 with five bits of a number in each character."""
    found, value, shift = [], 0, 0
    for digit in map(ALPHABET.index, encoded):
        value += (digit & 31) << shift
        shift += 5
        if digit < 32:
            found.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return found
