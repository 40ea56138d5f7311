"""Fits, tunes and converts models for Esteira, spoken to over stdio. See README.md."""
