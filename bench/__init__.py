"""Measures this server next to others on the same data. `./quartier bench` runs it."""
