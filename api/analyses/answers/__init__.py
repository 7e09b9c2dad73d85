"""The analyses, each a function from what was asked to an answer, or None where there is no such
entity. Which address has which one is written in api/routers/analyses.py."""
