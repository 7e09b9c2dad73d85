"""Files made of a publication: built in the background, kept by state, served as they are.

Why files, and who makes them: docs/adr/0030-files-are-made-of-a-state.md.
"""
