"""The reader of class files finds what Java 8 or Android 21 lacks, and takes what they have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.requirements import require_jdk_program
from tests.server.features.codegen.jvm_classes import class_files, references_beyond

FINE = """
package own;
class Fine extends java.util.AbstractMap<String, Long> implements Runnable {
  final java.util.concurrent.ConcurrentHashMap<String, long[]> all = new java.util.concurrent.ConcurrentHashMap<>();
  public java.util.Set<java.util.Map.Entry<String, Long>> entrySet() { return new java.util.HashSet<>(); }
  public void run() { Runnable more = () -> System.err.println(all.get("a").hashCode() + 5L + 0.5); more.run(); }
}
"""
LATER = {
    'String text = String.join(",", "a", "b");': "java/lang/String.join",
    "Integer found = new java.util.HashMap<String, Integer>().getOrDefault(null, 1);": "java/util/HashMap.getOrDefault",
    "Object now = java.time.Instant.now();": "java/time/Instant",
    "Object stream = new java.util.ArrayList<String>().stream();": "java/util/ArrayList.stream",
    "java.util.function.Supplier<String> one = () -> null;": "java/util/function/Supplier",
    "Object future = new java.util.concurrent.CompletableFuture<String>();": "java/util/concurrent/CompletableFuture",
    "Object keys = new java.util.concurrent.ConcurrentHashMap<String, String>().keySet();": "KeySetView",
    "java.nio.file.Path[][] paths = new java.nio.file.Path[1][];": "java/nio/file/Path",
}


def compiled(folder: Path, source: str) -> Path:
    (folder / "Fine.java").write_text(source, "utf-8")
    command = [require_jdk_program("javac"), "--release", "8", "-Xlint:-options", "-d", str(folder), "Fine.java"]
    subprocess.run(command, cwd=folder, check=True)
    return folder


@pytest.mark.slow
def test_what_both_have_may_be_used(tmp_path: Path) -> None:
    assert references_beyond(compiled(tmp_path, FINE), ["own/"]) == []
    [file] = class_files(tmp_path)
    assert (file.name, file.major_version, file.inherited) == (
        "own/Fine",
        52,
        ["java/util/AbstractMap", "java/lang/Runnable"],
    )


@pytest.mark.slow
def test_what_came_later_is_found(tmp_path: Path) -> None:
    statements = "\n".join(f"{{ {statement} }}" for statement in LATER)
    found = references_beyond(compiled(tmp_path, FINE.replace("implements Runnable {", f"{{ {statements} ")), ["own/"])
    for name in LATER.values():
        assert any(name in reference for reference in found), (name, found)
