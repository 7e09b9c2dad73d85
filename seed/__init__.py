"""What a registry starts with, and how files become rows: vocabulary, demonstration set, import."""
