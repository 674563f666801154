from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from templates_server.features.codegen.generator import FOLDER, GENERATOR, generator_version


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "codegen"))


def test_the_generator_has_a_number_and_a_digest() -> None:
    assert re.fullmatch(r"1\.[0-9a-f]{12}", GENERATOR)


def test_the_same_files_elsewhere_are_the_same_generator(copy: Path) -> None:
    template = copy / "typescript" / "index.ts.jinja"
    template.write_bytes(template.read_bytes().replace(b"\n", b"\r\n"))
    assert generator_version(copy) == GENERATOR


@pytest.mark.parametrize("path", ["typescript/index.ts.jinja", "javascript/runtime.js", "naming.py", "code_hash.py"])
def test_a_change_of_what_decides_what_is_written_makes_another_generator(path: str, copy: Path) -> None:
    (copy / path).write_bytes((copy / path).read_bytes() + b"\n")
    assert generator_version(copy) != GENERATOR


def test_a_new_template_makes_another_generator(copy: Path) -> None:
    (copy / "javascript" / "new.js.jinja").write_text("", "utf-8")
    assert generator_version(copy) != GENERATOR


def test_what_carries_code_over_http_is_no_part_of_it(copy: Path) -> None:
    (copy / "api.py").write_text("", "utf-8")
    assert generator_version(copy) == GENERATOR
