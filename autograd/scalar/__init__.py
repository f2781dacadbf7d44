"""The oracle: a scalar engine in pure Python that defines which results are right.

It has the names and the semantics of ``autograd.engine`` and ``autograd.nn``, imports nothing but
the standard library, and is meant to be read: first ``engine.py``, then ``nn.py``.
"""
