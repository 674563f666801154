"""The languages that have a driver, in the order of the manual's table."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.brightscript import BRIGHTSCRIPT
from tests.conformance.java import JAVA
from tests.conformance.kotlin import KOTLIN
from tests.conformance.language import Language
from tests.conformance.node import JAVASCRIPT, TYPESCRIPT
from tests.conformance.python import PYTHON
from tests.conformance.swift import SWIFT

LANGUAGES: Mapping[str, Language] = {
    each.name: each for each in (TYPESCRIPT, JAVASCRIPT, KOTLIN, JAVA, SWIFT, BRIGHTSCRIPT, PYTHON)
}
