"""Sheets for staff: what the registry holds as XLSX and CSV, edited, and brought back."""
