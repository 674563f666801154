"""Data for a demo: organizations, people, Spaces. What is here is made once, on an empty database."""

from templates_server.demo.models import DemoFacts
from templates_server.demo.seeding import seed

__all__ = ["DemoFacts", "seed"]
