"""Bulk imports of people: numbered parts of rows, each applied completely and once, however often it is sent."""
