"""Gridkeeper (网格守望): community grid management for epidemic control."""
