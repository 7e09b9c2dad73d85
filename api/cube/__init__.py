"""Observations as a cube, and the formats that are made of one."""
