"""The face for clients of PxWeb: its API in version 2, a table an indicator."""
