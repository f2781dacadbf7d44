"""The doctor: looks on while a program trains, and reports the classic silent mistakes with their lines."""

from autograd.diagnosis.findings import MISTAKES, Finding, Findings
from autograd.diagnosis.session import doctor, watch_program

__all__ = ["MISTAKES", "Finding", "Findings", "doctor", "watch_program"]
