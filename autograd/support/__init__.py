"""Helpers for all other packages: checks of options, progress bars, actions that interrupts must not cut."""
