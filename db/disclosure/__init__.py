"""Disclosure control: small counts, and what they could be calculated from, stay hidden."""
