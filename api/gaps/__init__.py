"""Gaps: need against supply by district, and how many people live near an offering. What is unknown
or hidden is null, and no gap is made of it."""
