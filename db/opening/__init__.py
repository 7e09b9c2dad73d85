"""When places are open: opening_hours strings, holidays, schedules, and what is kept of them."""
