"""Nets for other programs: as ONNX, as modules of PyTorch, and as Python without any package.

A net is known by the protocol `Exportable`, so that this subpackage stands below that of nets, which imports
it when an export is called.
"""

from autograd.export.exportable import Exportable
from autograd.export.onnx import to_onnx
from autograd.export.source import to_source
from autograd.export.torch import layers_from_torch, to_torch

__all__ = ["Exportable", "layers_from_torch", "to_onnx", "to_source", "to_torch"]
