"""Demo data: organizations, people and Spaces, created once on an empty database."""

from templates_server.features.demo.schemas import DemoFacts
from templates_server.features.demo.seed import seed

__all__ = ["DemoFacts", "seed"]
