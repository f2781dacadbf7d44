"""Calls of every NumPy function that Tensors answer to, by NumPy's names, and calls that are refused.

An entry of `CALLS` runs on arrays and on Tensors alike: NumPy is the oracle.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import NotANumberError, OptionError, ShapeError, UnsupportedError

# A call takes x of shape (3, 4) and y of shape (4, 3), as arrays or as Tensors

PIECES = ((), (4,), (3, 4), (2, 3, 4))  # of what np.dot takes, the last axis of length 4 ...
MATES = ((), (4,), (4, 3), (2, 4, 3))  # ... meets the last but one


def cut(array, shape):
    """The numbers of ``array``, repeated as often as needed, in ``shape``."""
    return np.concatenate([np.ravel(array)] * 3)[: int(np.prod(shape))].reshape(shape)


def cuts(call, *shapes):
    return lambda x, y: call(*(cut(a, shape) for a, shape in zip((x, y), shapes, strict=False)))


def along_axes(f):
    return [
        lambda x, y: f(x),
        lambda x, y: f(x, axis=0),
        lambda x, y: f(x, 1),
        lambda x, y: f(x, axis=(0, -1), keepdims=True),
        lambda x, y: f(x, axis=None, keepdims=False),
    ]


def spread(f):
    return [
        *along_axes(f),
        lambda x, y: f(x, axis=0, ddof=1),
        lambda x, y: f(x, axis=1, ddof=2, keepdims=True),
    ]


CALLS: dict[Any, list[Callable[..., Any]]] = {
    **{f: along_axes(f) for f in (np.sum, np.mean, np.prod, np.max, np.amax, np.min, np.amin)},
    np.var: spread(np.var),
    np.std: spread(np.std),
    np.linalg.norm: [
        lambda x, y: np.linalg.norm(x),
        lambda x, y: np.linalg.norm(x, "fro"),
        lambda x, y: np.linalg.norm(x[0], 2),
        lambda x, y: np.linalg.norm(x, axis=1),
        lambda x, y: np.linalg.norm(x, 2, 0, keepdims=True),
        lambda x, y: np.linalg.norm(x, axis=(0, 1)),
        lambda x, y: np.linalg.norm(x[0], 1),
        lambda x, y: np.linalg.norm(x[0], np.inf),
        lambda x, y: np.linalg.norm(x, -np.inf, axis=1),
        lambda x, y: np.linalg.norm(x, 3, axis=0, keepdims=True),
        lambda x, y: np.linalg.norm(x, 0, axis=0),
        lambda x, y: np.linalg.norm(x, 1),
        lambda x, y: np.linalg.norm(x, np.inf, keepdims=True),
        lambda x, y: np.linalg.norm(x[None], -1, axis=(1, 2)),
        lambda x, y: np.linalg.norm(x[None], -np.inf, axis=(-1, 0)),
        lambda x, y: np.linalg.norm(x, "nuc"),
        lambda x, y: np.linalg.norm(x[:, None], 2, axis=(2, 0)),
        lambda x, y: np.linalg.norm(x, -2, keepdims=True),
    ],
    np.linalg.inv: [lambda x, y: np.linalg.inv(x @ y)],
    np.linalg.pinv: [lambda x, y: np.linalg.pinv(x)],
    np.linalg.det: [lambda x, y: np.linalg.det(x @ y)],
    np.linalg.slogdet: [
        lambda x, y: np.linalg.slogdet(x @ y)[1],
        lambda x, y: np.linalg.slogdet(x @ y).sign * x,
    ],
    np.linalg.solve: [
        lambda x, y: np.linalg.solve(x @ y, x),
        lambda x, y: np.linalg.solve(x @ y, x[:, 0]),
    ],
    np.linalg.cholesky: [
        lambda x, y: np.linalg.cholesky(x @ x.T + np.eye(3)),
        lambda x, y: np.linalg.cholesky(x @ x.T + np.eye(3), upper=True),
    ],
    np.linalg.eigh: [
        lambda x, y: np.linalg.eigh(x @ x.T)[0],
        lambda x, y: np.linalg.eigh(x @ x.T, UPLO="U").eigenvectors ** 2,
    ],
    np.linalg.eigvalsh: [lambda x, y: np.linalg.eigvalsh(x @ x.T)],
    np.linalg.svd: [
        lambda x, y: np.linalg.svd(x, compute_uv=False),
        lambda x, y: np.linalg.svd(x, full_matrices=False).Vh ** 2,
        lambda x, y: np.linalg.svd(x @ y).U ** 2,
    ],
    np.linalg.svdvals: [lambda x, y: np.linalg.svdvals(y)],
    np.linalg.qr: [lambda x, y: np.linalg.qr(y).Q ** 2, lambda x, y: np.linalg.qr(y, mode="r")],
    np.linalg.matrix_power: [
        lambda x, y: np.linalg.matrix_power(x @ y, 3),
        lambda x, y: np.linalg.matrix_power(x @ y, -2),
        lambda x, y: np.linalg.matrix_power(x @ y, 0),
    ],
    np.linalg.multi_dot: [lambda x, y: np.linalg.multi_dot([x, y, x])],
    np.linalg.vector_norm: [
        lambda x, y: np.linalg.vector_norm(x),
        lambda x, y: np.linalg.vector_norm(x, ord=1, keepdims=True),
        lambda x, y: np.linalg.vector_norm(x, axis=1, ord=3),
    ],
    np.linalg.matrix_norm: [
        lambda x, y: np.linalg.matrix_norm(x),
        lambda x, y: np.linalg.matrix_norm(x, ord=1, keepdims=True),
    ],
    np.linalg.cond: [
        lambda x, y: np.linalg.cond(x),
        lambda x, y: np.linalg.cond(x, -2),
        lambda x, y: np.linalg.cond(x @ y, 1),
    ],
    np.linalg.lstsq: [
        lambda x, y: np.linalg.lstsq(y, y @ x)[0],
        lambda x, y: np.linalg.lstsq(y, x[0], rcond=None)[0],
    ],
    np.linalg.cross: [lambda x, y: np.linalg.cross(x[:, :3], y[:3])],
    np.linalg.diagonal: [lambda x, y: np.linalg.diagonal(x[None], offset=1)],
    np.linalg.matmul: [lambda x, y: np.linalg.matmul(x, y)],
    np.linalg.outer: [lambda x, y: np.linalg.outer(x[0], y[0])],
    np.linalg.tensordot: [lambda x, y: np.linalg.tensordot(x, y, axes=1)],
    np.linalg.trace: [lambda x, y: np.linalg.trace((x @ y)[None])],
    np.linalg.matrix_transpose: [lambda x, y: np.linalg.matrix_transpose(x)],
    np.matrix_transpose: [lambda x, y: np.matrix_transpose(x[None])],
    np.copy: [lambda x, y: np.copy(x)],
    np.unstack: [lambda x, y: np.unstack(x)[1], lambda x, y: np.unstack(x, axis=1)[2]],
    np.compress: [
        lambda x, y: np.compress([True, False, True], x, axis=0),
        lambda x, y: np.compress([False, True], x),
    ],
    np.extract: [lambda x, y: np.extract(np.arange(12).reshape(3, 4) % 3 == 0, x)],
    np.nancumsum: [lambda x, y: np.nancumsum(np.where(x > 1, np.nan, x), axis=1)],
    np.nanmax: [lambda x, y: np.nanmax(np.where(x > 1, np.nan, x), axis=0)],
    np.nanmin: [lambda x, y: np.nanmin(np.where(x < -1, np.nan, x), keepdims=True)],
    np.nanvar: [
        lambda x, y: np.nanvar(np.where(x > 1, np.nan, x)),
        lambda x, y: np.nanvar(np.where(x > 1, np.nan, x), axis=1, ddof=1, keepdims=True),
    ],
    np.nanstd: [lambda x, y: np.nanstd(np.where(x > 1, np.nan, x), axis=1)],
    np.cumulative_sum: [lambda x, y: np.cumulative_sum(x, axis=1)],
    np.cumulative_prod: [lambda x, y: np.cumulative_prod(x, axis=1)],
    np.quantile: [
        lambda x, y: np.quantile(x, 0.3),
        lambda x, y: np.quantile(x, [0.0, 0.25, 1.0], axis=0),
        lambda x, y: np.quantile(x, np.array([[0.1], [0.9]]), axis=1, keepdims=True),
    ],
    np.percentile: [lambda x, y: np.percentile(x, 35.0, axis=-1)],
    np.convolve: [
        lambda x, y: np.convolve(x[0], y[0]),
        lambda x, y: np.convolve(y[0], x[0], "same"),
        lambda x, y: np.convolve(x[0], y[0], mode="valid"),
        lambda x, y: np.convolve(x[0], y[:, 0], "same"),
    ],
    np.correlate: [
        lambda x, y: np.correlate(x[0], y[0]),
        lambda x, y: np.correlate(y[0], x[0], "full"),
        lambda x, y: np.correlate(x[0], y[0], mode="same"),
    ],
    np.polyval: [
        lambda x, y: np.polyval(x, y.T[0]),
        lambda x, y: np.polyval(x[0], [1.0, 2.0]),
        lambda x, y: np.polyval(x[0], y),
        lambda x, y: np.polyval([1.0, 2.0, 3.0], y),
    ],
    np.vander: [
        lambda x, y: np.vander(x[0]),
        lambda x, y: np.vander(x[0], 3, increasing=True),
    ],
    np.logspace: [lambda x, y: np.logspace(x[0, 0], 2.0, 4), lambda x, y: np.logspace(x, y.T, 3, base=2.0)],
    np.geomspace: [lambda x, y: np.geomspace(np.exp(x[0]), 9.0, 4, endpoint=False)],
    np.floor_divide: [lambda x, y: x * np.floor_divide(x, 0.7)],
    np.heaviside: [lambda x, y: x * np.heaviside(x, 0.7)],
    np.around: [lambda x, y: x * np.around(x)],
    np.round: [lambda x, y: x * np.round(y.T, 1)],
    np.fix: [lambda x, y: x * np.fix(3 * x)],
    np.i0: [lambda x, y: np.i0(x)],
    np.fabs: [lambda x, y: np.fabs(x)],
    np.sinc: [lambda x, y: np.sinc(x), lambda x, y: np.sinc(3 * y)],
    np.nan_to_num: [
        lambda x, y: np.nan_to_num(np.where(x > 1, np.nan, x), nan=2.0),
        lambda x, y: np.nan_to_num(np.where(x > 1, np.inf, x), posinf=1.0),
        lambda x, y: np.nan_to_num(np.where(x > 1, -np.inf, x), neginf=-1.0),
    ],
    np.flip: [lambda x, y: np.flip(x), lambda x, y: np.flip(x, 0), lambda x, y: np.flip(x, axis=(0, -1))],
    np.fliplr: [lambda x, y: np.fliplr(x)],
    np.flipud: [lambda x, y: np.flipud(x)],
    np.rot90: [lambda x, y: np.rot90(x), lambda x, y: np.rot90(x, k=-2), lambda x, y: np.rot90(y, 3, (1, 0))],
    np.roll: [lambda x, y: np.roll(x, 1), lambda x, y: np.roll(x, (1, -2), axis=(0, 1))],
    np.rollaxis: [lambda x, y: np.rollaxis(x[None], 2), lambda x, y: np.rollaxis(x[None], 2, start=1)],
    np.repeat: [
        lambda x, y: np.repeat(x, 2),
        lambda x, y: np.repeat(x, [1, 0, 3], axis=0),
        lambda x, y: np.repeat(x, repeats=2, axis=1),
    ],
    np.tile: [
        lambda x, y: np.tile(x, 2),
        lambda x, y: np.tile(x, (2, 1, 3)),
        lambda x, y: np.tile(x, reps=()),
    ],
    np.resize: [lambda x, y: np.resize(x, (5, 4))],
    np.delete: [lambda x, y: np.delete(x, 1, axis=0), lambda x, y: np.delete(x, [0, 5])],
    np.diag: [lambda x, y: np.diag(x), lambda x, y: np.diag(x[0], k=-1), lambda x, y: np.diag(x @ y, 1)],
    np.diagflat: [lambda x, y: np.diagflat(x), lambda x, y: np.diagflat(x[0], 1)],
    np.diagonal: [lambda x, y: np.diagonal(x), lambda x, y: np.diagonal(x[None], 1, axis1=1, axis2=2)],
    np.tril: [lambda x, y: np.tril(x), lambda x, y: np.tril(x[None], -1)],
    np.triu: [lambda x, y: np.triu(x), lambda x, y: np.triu(x, k=2)],
    np.split: [lambda x, y: np.stack(np.split(x, 2, axis=1)), lambda x, y: np.split(x, [1, 2])[1]],
    np.array_split: [lambda x, y: np.array_split(x, 3, axis=1)[0], lambda x, y: np.array_split(x, 2)[1]],
    np.hsplit: [lambda x, y: np.hsplit(x, 2)[1]],
    np.vsplit: [lambda x, y: np.vsplit(x, 3)[2]],
    np.dsplit: [lambda x, y: np.dsplit(x[None], 4)[2]],
    np.take: [
        lambda x, y: np.take(x, [0, 5, 5]),
        lambda x, y: np.take(x, np.array([[0, 2], [1, 0]]), axis=0),
        lambda x, y: np.take(x, -1, axis=-1),
        lambda x, y: np.take(x, [9, -9], axis=1, mode="clip"),
    ],
    np.take_along_axis: [
        lambda x, y: np.take_along_axis(x, np.array([[0], [3], [1]]), axis=1),
        lambda x, y: np.take_along_axis(x, np.array([[0, 1, 2, 0]]), 0),
        lambda x, y: np.take_along_axis(x, np.array([3, 7]), None),
    ],
    np.sort: [
        lambda x, y: np.sort(x),
        lambda x, y: np.sort(x, axis=0, kind="stable"),
        lambda x, y: np.sort(x, None),
    ],
    np.partition: [
        lambda x, y: np.sort(np.partition(x, 2)[:, 2:]),
        lambda x, y: np.partition(x, 1, axis=0)[1],
        lambda x, y: np.partition(x, 5, axis=None)[5],
    ],
    np.pad: [
        lambda x, y: np.pad(x, 1),
        lambda x, y: np.pad(x, ((1, 0), (0, 2)), constant_values=2.0),
        lambda x, y: np.pad(x, 2, "edge"),
        lambda x, y: np.pad(x, (2, 1), mode="reflect"),
        lambda x, y: np.pad(x, 1, "symmetric"),
        lambda x, y: np.pad(x, 3, "wrap"),
    ],
    np.atleast_1d: [lambda x, y: np.atleast_1d(x[0, 0]), lambda x, y: np.atleast_1d(x, y)[1]],
    np.atleast_2d: [lambda x, y: np.atleast_2d(x[0]), lambda x, y: np.atleast_2d(x)],
    np.atleast_3d: [lambda x, y: np.atleast_3d(x), lambda x, y: np.atleast_3d(x[0])],
    np.vstack: [lambda x, y: np.vstack([x, y.T]), lambda x, y: np.vstack([x[0], x[1]])],
    np.hstack: [lambda x, y: np.hstack([x, y.T]), lambda x, y: np.hstack([x[0], y[0]])],
    np.dstack: [lambda x, y: np.dstack([x, y.T])],
    np.column_stack: [lambda x, y: np.column_stack([x, y.T]), lambda x, y: np.column_stack([x[0], x[1]])],
    np.append: [lambda x, y: np.append(x, y), lambda x, y: np.append(x, y.T, axis=0)],
    np.broadcast_arrays: [lambda x, y: np.stack(np.broadcast_arrays(x, y[:, 0]))],
    np.meshgrid: [
        lambda x, y: np.stack(np.meshgrid(x[0], y[0])),
        lambda x, y: np.meshgrid(x[0], y[0], indexing="ij")[1],
    ],
    np.block: [
        lambda x, y: np.block([[x, x], [y.T, 2 * x]]),
        lambda x, y: np.block([x[0], x[1]]),
        lambda x, y: np.block([[x[0]], [x[1]]]),
    ],
    np.choose: [lambda x, y: np.choose(np.array([[0], [1], [0]]), [x, y.T])],
    np.select: [
        lambda x, y: np.select([x > 0.5, x > -0.5], [x, 2 * y.T], 3.0),
        lambda x, y: np.select([x > 0], [x]),
    ],
    np.cumsum: [lambda x, y: np.cumsum(x), lambda x, y: np.cumsum(x, axis=1)],
    np.cumprod: [lambda x, y: np.cumprod(x), lambda x, y: np.cumprod(x, axis=0)],
    np.diff: [lambda x, y: np.diff(x), lambda x, y: np.diff(x, n=2, axis=0), lambda x, y: np.diff(x, 0)],
    np.ediff1d: [lambda x, y: np.ediff1d(x)],
    np.gradient: [
        lambda x, y: np.stack(np.gradient(x)),
        lambda x, y: np.gradient(x, 0.5, axis=1),
        lambda x, y: np.gradient(x, np.array([0, 1, 3, 4.5]), axis=1, edge_order=2),
        lambda x, y: np.stack(np.gradient(x, 2.0, np.array([0, 1, 3, 4.5]))),
    ],
    np.trapezoid: [
        lambda x, y: np.trapezoid(x),
        lambda x, y: np.trapezoid(x, dx=0.5, axis=0),
        lambda x, y: np.trapezoid(x, y[:, 0]),
        lambda x, y: np.trapezoid(x, y.T, axis=0),
        lambda x, y: np.trapezoid(x, y[:3, 0], axis=0),
    ],
    np.interp: [
        lambda x, y: np.interp(x, np.array([-1, 0, 0.5, 2]), y[:, 0]),
        lambda x, y: np.interp(x, np.array([-1, 0, 0.5]), y[:3, 0], left=7.0, right=-7.0),
        lambda x, y: np.interp(np.array([0.25, 1.5]), np.cumsum(np.exp(x[0])) - 2, y[:, 0]),
    ],
    np.linspace: [
        lambda x, y: np.linspace(x[0, 0], 3.0, 5),
        lambda x, y: np.linspace(x, y.T, num=4, endpoint=False, axis=-1),
    ],
    np.average: [
        lambda x, y: np.average(x),
        lambda x, y: np.average(x, axis=0),
        lambda x, y: np.average(x, axis=1, weights=np.array([1, 2, 3, 4.0])),
        lambda x, y: np.average(x, weights=np.exp(y.T), keepdims=True),
        lambda x, y: np.average(np.ones(4), weights=np.exp(x[0])),
    ],
    np.median: [
        lambda x, y: np.median(x),
        lambda x, y: np.median(x, axis=0),
        lambda x, y: np.median(x, axis=1, keepdims=True),
        lambda x, y: np.median(x, keepdims=True),
    ],
    np.ptp: [lambda x, y: np.ptp(x), lambda x, y: np.ptp(x, axis=0, keepdims=True)],
    np.nansum: [lambda x, y: np.nansum(np.where(x > 1, np.nan, x), axis=0)],
    np.nanmean: [lambda x, y: np.nanmean(np.where(x > 1, np.nan, x), axis=1, keepdims=True)],
    np.nanprod: [lambda x, y: np.nanprod(np.where(x > 1, np.nan, x))],
    np.cov: [
        lambda x, y: np.cov(x),
        lambda x, y: np.cov(x[0], y[:, 0]),
        lambda x, y: np.cov(x, rowvar=False, bias=True),
        lambda x, y: np.cov(x[0], ddof=0),
        lambda x, y: np.cov(x, y.T, ddof=2),
    ],
    np.corrcoef: [lambda x, y: np.corrcoef(x), lambda x, y: np.corrcoef(x[0], y[:, 0])],
    np.outer: [lambda x, y: np.outer(x, y), lambda x, y: np.outer(x[0], 2.0)],
    np.inner: [
        lambda x, y: np.inner(x, y.T),
        lambda x, y: np.inner(x, 2.0),
        lambda x, y: np.inner(x[None], y[:, 0]),
    ],
    np.vdot: [lambda x, y: np.vdot(x, y)],
    np.kron: [lambda x, y: np.kron(x, y), lambda x, y: np.kron(x[0], y), lambda x, y: np.kron(x, 2.0)],
    np.trace: [lambda x, y: np.trace(x @ y), lambda x, y: np.trace(x[None], 1, axis1=2, axis2=1)],
    np.cross: [
        lambda x, y: np.cross(x[:, :3], y[:3]),
        lambda x, y: np.cross(x, y.T, axis=0),
        lambda x, y: np.cross(x, np.array([1, 2, 3.0]), axisa=0, axisc=0),
    ],
    np.where: [
        lambda x, y: np.where(np.arange(4) > 1, x, y.T),
        lambda x, y: np.where(np.eye(3, 4, dtype=bool), x, 0),
        lambda x, y: np.where([[True], [False], [True]], x, np.ones(4)),
        lambda x, y: np.where(x > y.T, x, y.T),
    ],
    np.clip: [
        lambda x, y: np.clip(x, -0.5, 0.5),
        lambda x, y: np.clip(x, None, 0.5),
        lambda x, y: np.clip(x, -0.5, None),
        lambda x, y: np.clip(x, min=-0.5),
        lambda x, y: np.clip(x, max=0.5, min=None),
        lambda x, y: np.clip(x, a_min=-0.5, a_max=0.5),
        lambda x, y: np.clip(x, y.T - 0.5, 0.5 + y.T),
    ],
    np.dot: [cuts(np.dot, a, b) for a in PIECES for b in MATES],
    np.matmul: [lambda x, y: np.matmul(x, y), cuts(np.matmul, (4,), (2, 4, 3))],
    np.tensordot: [
        lambda x, y: np.tensordot(x, y, axes=1),
        lambda x, y: np.tensordot(x, y, axes=0),
        lambda x, y: np.tensordot(x, y.T),
        lambda x, y: np.tensordot(x, y, axes=(0, 1)),
        lambda x, y: np.tensordot(x, y, axes=([1, 0], [0, 1])),
        lambda x, y: np.tensordot(x, y, axes=([-1], [-2])),
        cuts(lambda a, b: np.tensordot(a, b, axes=([2, 0], [0, 2])), (2, 3, 4), (4, 3, 2)),
        cuts(lambda a, b: np.tensordot(a, b, axes=1), (4,), (4,)),
    ],
    np.einsum: [
        lambda x, y: np.einsum("ij,jk->ik", x, y),
        lambda x, y: np.einsum("ij,jk", x, y),  # implicit: ik
        lambda x, y: np.einsum("ba,ac", x, y),  # implicit: the letters in order, bc
        lambda x, y: np.einsum("ba", x),  # implicit: a transpose, ab
        lambda x, y: np.einsum("ij,ji", x, y),  # implicit: a number
        lambda x, y: np.einsum("ij , jk -> k", x, y),
        lambda x, y: np.einsum("...j,jk->...k", x, y),
        lambda x, y: np.einsum("...j->...", x),
        lambda x, y: np.einsum("i...->...i", x),
        lambda x, y: np.einsum("...,...", x, y.T),
        lambda x, y: np.einsum("...j,j...", x, y[:, 0]),
        lambda x, y: np.einsum("...ij,...jk->...ik", x, y[None], optimize=True),
        lambda x, y: np.einsum("i...,ij->j...", x[:, None, :], y.T),
        lambda x, y: np.einsum("ij,ij,ij->", x, x, y.T),
        lambda x, y: np.einsum("Ba,aC", x, y),  # upper case sorts before lower
        lambda x, y: np.einsum("ij,kj->ik", x[:1], y.T[:1]),
        lambda x, y: np.einsum("ij,ij->ij", x[:, :1], y.T),  # an axis of length 1 is stretched
    ],
    np.reshape: [
        lambda x, y: np.reshape(x, (2, 6)),
        lambda x, y: np.reshape(x, -1),
        lambda x, y: np.reshape(x, shape=(4, -1)),
    ],
    np.ravel: [lambda x, y: np.ravel(x)],
    np.transpose: [
        lambda x, y: np.transpose(x),
        lambda x, y: np.transpose(x, (1, 0)),
        lambda x, y: np.transpose(x[None], axes=(-1, 0, 1)),
        lambda x, y: np.transpose(x, None),
    ],
    np.swapaxes: [lambda x, y: np.swapaxes(x, 0, -1), lambda x, y: np.swapaxes(x[None], axis1=1, axis2=0)],
    np.moveaxis: [
        lambda x, y: np.moveaxis(x[None], 0, -1),
        lambda x, y: np.moveaxis(x[None], -1, 0),
        lambda x, y: np.moveaxis(x[None, :, None], [0, 1], [-1, -2]),
        lambda x, y: np.moveaxis(x[None], source=(0, 2), destination=(2, 0)),
    ],
    np.expand_dims: [lambda x, y: np.expand_dims(x, 1), lambda x, y: np.expand_dims(x, axis=(0, -1))],
    np.squeeze: [
        lambda x, y: np.squeeze(x[None, :, None]),
        lambda x, y: np.squeeze(x[None, :, None], axis=0),
        lambda x, y: np.squeeze(x[None, :, None], (0, -2)),
    ],
    np.broadcast_to: [
        lambda x, y: np.broadcast_to(x, (2, 3, 4)),
        lambda x, y: np.broadcast_to(x[0, 0], shape=5),
    ],
    np.concatenate: [
        lambda x, y: np.concatenate([x, y.T]),
        lambda x, y: np.concatenate((x, y.T, x), axis=-1),
        lambda x, y: np.concatenate([x, y], axis=None),
        lambda x, y: np.concatenate([x, np.ones((1, 4))], 0),
    ],
    np.stack: [
        lambda x, y: np.stack([x, y.T]),
        lambda x, y: np.stack((x, y.T, x), axis=-1),
        lambda x, y: np.stack([x, y.T], axis=-3),
        lambda x, y: np.stack([x, np.ones((3, 4))], 1),
        lambda x, y: np.stack(list(x)),
    ],
}


def mixed(x, y):
    """Complex numbers made of those of both arrays."""
    return x + 1j * y.T


def parts(z):
    """The real parts of complex numbers, plus twice the imaginary ones."""
    return np.real(z) + 2 * np.imag(z)


def transforms(function, of_complex=True):
    """Calls of a Fourier transform along one axis."""
    made = mixed if of_complex else lambda x, y: x * y.T
    return [
        lambda x, y: parts(function(made(x, y))),
        lambda x, y: parts(function(made(x, y), 3, axis=0)),
        lambda x, y: parts(function(made(x, y), n=5, norm="ortho")),
        lambda x, y: parts(function(made(x, y), 2, norm="forward")),
    ]


def transforms_of_several_axes(function, of_complex=True):
    made = mixed if of_complex else lambda x, y: x * y.T
    return [
        lambda x, y: parts(function(made(x, y))),
        lambda x, y: parts(function(made(x, y), (2, 5), axes=(0, 1))),
        lambda x, y: parts(function(made(x, y), axes=(0,), norm="ortho")),
        lambda x, y: parts(function(made(x, y)[None], s=(-1, 3), axes=(2, 1))),
        lambda x, y: parts(function(made(x, y)[None], s=(3, -1), axes=(1, 2))),
    ]


CALLS |= {
    np.real: [lambda x, y: np.real(x), lambda x, y: np.real(mixed(x, y) ** 2)],
    np.imag: [lambda x, y: np.imag(mixed(x, y) ** 2)],
    np.conjugate: [lambda x, y: np.conjugate(x), lambda x, y: parts(np.conj(mixed(x, y)) ** 2)],
    np.angle: [lambda x, y: np.angle(mixed(x, y)), lambda x, y: np.angle(mixed(x, y), deg=True)],
    np.real_if_close: [lambda x, y: np.real_if_close(x), lambda x, y: np.real_if_close(x * (1 + 0j))],
    np.sort_complex: [lambda x, y: parts(np.sort_complex(mixed(x, y)))],
    np.unwrap: [lambda x, y: np.unwrap(9 * x), lambda x, y: np.unwrap(9 * x, axis=0, period=3.0)],
    np.fft.fft: transforms(np.fft.fft),
    np.fft.ifft: transforms(np.fft.ifft),
    np.fft.rfft: transforms(np.fft.rfft, of_complex=False),
    np.fft.irfft: transforms(np.fft.irfft),
    np.fft.hfft: transforms(np.fft.hfft),
    np.fft.ihfft: transforms(np.fft.ihfft, of_complex=False),
    **{f: transforms_of_several_axes(f) for f in (np.fft.fftn, np.fft.ifftn, np.fft.irfftn)},
    **{f: transforms_of_several_axes(f)[:2] for f in (np.fft.fft2, np.fft.ifft2, np.fft.irfft2)},
    np.fft.rfftn: transforms_of_several_axes(np.fft.rfftn, of_complex=False),
    np.fft.rfft2: transforms_of_several_axes(np.fft.rfft2, of_complex=False)[:2],
    np.fft.fftshift: [lambda x, y: np.fft.fftshift(x), lambda x, y: np.fft.fftshift(x, axes=1)],
    np.fft.ifftshift: [lambda x, y: np.fft.ifftshift(x), lambda x, y: np.fft.ifftshift(x, 0)],
    np.linalg.eig: [
        lambda x, y: np.abs(np.linalg.eig(x @ y).eigenvectors),
        lambda x, y: parts(np.linalg.eig(y @ x[:, :4]).eigenvalues ** 3).sum(),
        lambda x, y: np.linalg.eig(y @ y.T + np.diag(np.arange(4.0)))[1] ** 2,
    ],
    np.linalg.eigvals: [lambda x, y: parts(np.exp(np.linalg.eigvals(x @ y))).sum()],
    np.linalg.tensorinv: [
        lambda x, y: np.linalg.tensorinv(np.reshape(y @ x + 5 * np.eye(4), (2, 2, 4)), ind=2),
        lambda x, y: np.linalg.tensorinv(np.reshape(y @ x + 5 * np.eye(4), (4, 2, 2)), 1),
    ],
    np.linalg.tensorsolve: [
        lambda x, y: np.linalg.tensorsolve(np.reshape(y @ x + 5 * np.eye(4), (2, 2, 4)), x[:2, :2]),
        lambda x, y: np.linalg.tensorsolve(np.reshape(y @ x + 5 * np.eye(4), (2, 4, 2)), x[0], axes=(0,)),
    ],
    np.linalg.vecdot: [lambda x, y: np.linalg.vecdot(x, y.T), lambda x, y: np.linalg.vecdot(x.T, y, axis=0)],
    np.vecdot: [lambda x, y: np.vecdot(x, y.T), lambda x, y: parts(np.vecdot(mixed(x, y), mixed(2 * x, y)))],
    np.matvec: [lambda x, y: np.matvec(x, y.T), lambda x, y: np.matvec(y, x[:, None, 1:])],
    np.vecmat: [
        lambda x, y: np.vecmat(y, x),
        lambda x, y: np.vecmat(y[:2], x[None]),
        lambda x, y: parts(np.vecmat(mixed(x, y), 1j * y)),
    ],
    np.divmod: [lambda x, y: x * np.divmod(x, 0.7)[0] + np.divmod(x, 0.7)[1]],
    np.modf: [lambda x, y: x * np.modf(3 * x)[1] + np.modf(3 * x)[0]],
    np.ldexp: [lambda x, y: np.ldexp(x, 3), lambda x, y: np.ldexp(x, np.arange(4))],
    np.insert: [
        lambda x, y: np.insert(x, 1, y[:, 0], axis=0),
        lambda x, y: np.insert(x, [0, 2, 2], y[:3], axis=1),
        lambda x, y: np.insert(x, -1, 7.0),
        lambda x, y: np.insert(np.arange(3.0), slice(0, 2), x[0, :2]),
    ],
    np.trim_zeros: [
        lambda x, y: np.trim_zeros(np.append(np.append(np.zeros(2), x[0] * [1, 0, 1, 1]), 0.0)),
        lambda x, y: np.trim_zeros(np.append(np.append(0.0, x[0]), 0.0), "b"),
    ],
    np.piecewise: [
        lambda x, y: np.piecewise(x, [x < 0, x > 1], [np.sin, 3.0, np.exp]),
        lambda x, y: np.piecewise(x, [x < 0, x > -1], [np.square, np.cos]),
        lambda x, y: np.piecewise(x[0], x[0] > 0, [lambda z, a: a * z**2], 3.0),
    ],
    np.nancumprod: [lambda x, y: np.nancumprod(np.where(x > 1, np.nan, x), axis=0)],
    np.nanmedian: [
        lambda x, y: np.nanmedian(np.where(x > 1, np.nan, x)),
        lambda x, y: np.nanmedian(np.where(x > 0.5, np.nan, x), axis=0, keepdims=True),
        lambda x, y: np.nanmedian(x, axis=1),
    ],
    np.nanquantile: [
        lambda x, y: np.nanquantile(np.where(x > 1, np.nan, x), 0.3),
        lambda x, y: np.nanquantile(np.where(x > 1, np.nan, x), [0.25, 0.6], axis=1),
        lambda x, y: np.nanquantile(np.where(x > 1, np.nan, x), np.array([[0.25], [1.0]]), 0, keepdims=True),
    ],
    np.nanpercentile: [lambda x, y: np.nanpercentile(np.where(x > 1, np.nan, x), 30.0, axis=1)],
    np.poly: [lambda x, y: np.poly(x[0]), lambda x, y: np.poly(x @ y)],
    np.roots: [
        lambda x, y: parts(np.sort_complex(np.roots(np.append(1.0, x[0])))),
        lambda x, y: np.roots(np.append(np.append(0.0, x[0, :2]), [0.0, 0.0])),
    ],
    np.polyadd: [
        lambda x, y: np.polyadd(x[0], y[0]),
        lambda x, y: np.polyadd(x[0], y[0, 0]),
        lambda x, y: np.polyadd([1.0], y[0]),
    ],
    np.polysub: [lambda x, y: np.polysub(x[0], y[0]), lambda x, y: np.polysub(y[0], [1.0, 2, 3, 4])],
    np.polymul: [lambda x, y: np.polymul(x[0], y[0]), lambda x, y: np.polymul(y[0], 3.0)],
    np.polydiv: [
        lambda x, y: np.polydiv(x[0], y[0])[0],
        lambda x, y: np.polydiv(np.append(x[0], y[1]), y[0])[1],
        lambda x, y: np.polydiv(y[0], x[0])[1],
    ],
    np.polyder: [lambda x, y: np.polyder(x[0]), lambda x, y: np.polyder(x[0], 2)],
    np.polyint: [lambda x, y: np.polyint(x[0]), lambda x, y: np.polyint(x[0], 2, [1.0, 2.0])],
    np.polyfit: [
        lambda x, y: np.polyfit(x[0], y[:, 0], 2),
        lambda x, y: np.polyfit(x[0], y, 1, w=np.array([1.0, 2.0, 0.5, 1.0])),
        lambda x, y: np.polyfit(x[0], y[:, 0], 1, w=[1.0, 2.0, 0.5, 1.0]),
    ],
}

# Functions that NumPy computes in float64 at most
DOUBLE = {
    np.roots,
    np.poly,
    np.polyfit,
    np.interp,
    np.i0,
    *(getattr(np.linalg, name) for name in np.linalg.__all__),
}

# Calls that are refused: x, as above, is a Tensor
REFUSED: list[tuple[Callable[..., Any], type[Exception], str]] = [
    (lambda x: np.sum(x, dtype=float), UnsupportedError, r"numpy\.sum\(\) of a Tensor does not take dtype="),
    (
        lambda x: np.mean(x, where=x > 0),
        UnsupportedError,
        r"numpy\.mean\(\) of a Tensor does not take where=",
    ),
    (lambda x: np.max(x, initial=0, out=np.ones(())), UnsupportedError, r"numpy\.max\(\) .* initial, out="),
    (lambda x: np.reshape(x, (4, 3), order="F"), UnsupportedError, r"numpy\.reshape\(\) .* order="),
    (lambda x: np.sum(x, 0, "float32"), TypeError, "dtype|positional"),
    (lambda x: np.mean(x, 0, "float32"), TypeError, "dtype|positional"),
    (lambda x: np.clip(x, 0, 1, np.ones((3, 4))), TypeError, "out|positional"),
    (lambda x: np.reshape(x, (4, 3), "F"), TypeError, "order|positional"),
    (lambda x: np.dot(x, x), ShapeError, r"^matmul\(\) of shapes \(3, 4\) and \(3, 4\)"),
    (
        lambda x: np.dot(x, np.ones((2, 3, 4))),
        ShapeError,
        r"^tensordot\(\) of shapes \(3, 4\) and \(2, 3, 4\)",
    ),
    (
        lambda x: np.tensordot(x, x, axes=1),
        ShapeError,
        r"^tensordot\(\) of shapes \(3, 4\) and \(3, 4\) over axes 1",
    ),
    (lambda x: np.einsum(x, [0, 1]), ShapeError, "subscripts as a string"),
    (lambda x: np.einsum("ij,jk", x), ShapeError, r"^einsum\('ij,jk'\) wants 2 operands, got 1"),
    (
        lambda x: np.einsum("ii", x @ x.T),
        ShapeError,
        r"^einsum\('ii'\) of Tensors cannot take an index twice",
    ),
    (lambda x: np.einsum("ij,jk->ik", x, x), ShapeError, r"^einsum\(\) of shapes \(3, 4\) and \(3, 4\)"),
    (lambda x: np.einsum("ijk->i", x), ShapeError, r"^einsum\("),
    (lambda x: np.einsum("ij->il", x), ShapeError, r"^einsum\("),
    (lambda x: np.moveaxis(x, 0, 5), ValueError, "axis 5 is out of bounds"),
    (lambda x: np.swapaxes(x, 0, 5), ValueError, "axis 5 is out of bounds"),
    (lambda x: np.squeeze(x, axis=0), ValueError, "size not equal to one"),
    (lambda x: np.expand_dims(x, 7), ValueError, "axis 7 is out of bounds"),
    (
        lambda x: np.concatenate([x, x], axis=2),
        ShapeError,
        r"^concatenate\(\) of shapes \(3, 4\) and \(3, 4\)",
    ),
    (lambda x: np.stack([x, x[0]]), ShapeError, r"^stack\(\) of shapes \(3, 4\) and \(4,\)"),
    (lambda x: np.broadcast_to(x, (4, 3)), ShapeError, r"^broadcast_to\(\) of shape \(3, 4\)"),
    (lambda x: np.where(x), UnsupportedError, "where"),
    *(
        (lambda x, f=f: f(x), ShapeError, rf"^{f.__name__}\(\) of a Tensor wants square matrices, got shape")
        for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.cholesky, np.linalg.eigh)
    ),
    (lambda x: np.linalg.solve(x, x), ShapeError, r"^solve\(\) .* square matrices"),
    (lambda x: np.linalg.matrix_power(x, 2), ShapeError, r"^matrix_power\(\) .* square matrices"),
    (lambda x: np.linalg.svd(x), UnsupportedError, r"svd\(full_matrices=True\) .* give full_matrices=False"),
    (lambda x: np.linalg.svd(x, hermitian=True), UnsupportedError, r"svd\(hermitian=True\)"),
    (lambda x: np.linalg.qr(x), UnsupportedError, r"qr\(mode='reduced'\) of shape \(3, 4\)"),
    (lambda x: np.linalg.qr(x.T, "complete"), UnsupportedError, r"qr\(mode='complete'\)"),
    (lambda x: np.linalg.norm(x, 3), UnsupportedError, r"norm\(ord=3\) of matrices has no derivative"),
    (lambda x: np.linalg.norm(x[0], "fro"), ShapeError, "wants a number as ord"),
    (lambda x: np.linalg.norm(x[None], 1), ShapeError, "wants one axis or two, got 3"),
    (lambda x: np.cross(x, x), ShapeError, r"^cross\(\) .* vectors of length 3"),
    (lambda x: np.pad(x, 1, "linear_ramp"), UnsupportedError, r"pad\(mode='linear_ramp'\)"),
    (lambda x: np.pad(x, 1, constant_values=(1, 2)), UnsupportedError, "one number as constant_values"),
    (lambda x: np.unique(x), UnsupportedError, r"numpy.unique\(\) has no derivative"),
    (lambda x: np.trim_zeros(x), UnsupportedError, r"^numpy.trim_zeros\(\) .* one axis, got shape \(3, 4\)"),
    (
        lambda x: np.piecewise(x, [x > 0], [1.0, 2.0, 3.0]),
        ShapeError,
        "wants 1 functions, or one more, got 3",
    ),
    (lambda x: np.nanquantile(x, 0.5, method="lower"), UnsupportedError, r"nanquantile\(method='lower'\)"),
    (lambda x: np.poly(x), ShapeError, r"one axis or a square matrix, got shape \(3, 4\)|square matrices"),
    (lambda x: np.roots(x), ShapeError, r"^roots\(\) of a Tensor wants one axis, got shape \(3, 4\)"),
    (lambda x: np.convolve(x[0], x[0, :0]), ShapeError, r"^convolve\(\) wants 1 number or more .* 4 and 0"),
    (lambda x: np.convolve(x[0], x[0], "some"), OptionError, '"full", "same" and "valid", got \'some\''),
    (lambda x: np.convolve(x, [1.0, 2.0]), ShapeError, r"^convolve\(\) wants one axis of each, got shapes"),
    (lambda x: np.vander(x), ShapeError, r"^vander\(\) of a Tensor wants one axis, got shape \(3, 4\)"),
    (
        lambda x: np.nanquantile(x, 1.5),
        OptionError,
        r"^nanquantile\(\) wants shares from 0 .* got q=1.5",
    ),
    (lambda x: np.quantile(x, -0.5), OptionError, r"^quantile\(\) wants shares from 0 to 1, .* got q=-0.5"),
    (lambda x: np.quantile(x, 0.5, axis=2), ValueError, "axis 2 is out of bounds"),
    (lambda x: np.nanmedian(x, axis=(0, 1)), UnsupportedError, r"nanquantile\(\) of a Tensor wants one axis"),
    (lambda x: np.polyder(x[0], -1), OptionError, "order of a derivative, 0 or more, got m=-1"),
    (lambda x: np.polyint(x[0], -1), OptionError, "order of an integral, 0 or more, got m=-1"),
    (
        lambda x: np.linalg.eigh(x[:, :3], "x"),
        OptionError,
        "wants .* as UPLO, got 'x'",
    ),
    (lambda x: np.fft.hfft(x, norm="bad"), OptionError, '"ortho" or "forward", got \'bad\''),
    (
        lambda x: np.gradient(x, 1.0, 2.0, 3.0),
        ShapeError,
        "one spacing, or one for each of 2 axes, got 3",
    ),
    (lambda x: np.linalg.inv(0 * x[:, :3]), np.linalg.LinAlgError, "Singular matrix"),
    (lambda x: np.fft.fft(x, 0), ShapeError, r"^fft\(\) wants 1 number or more along axis 1, got 0"),
    (lambda x: np.fft.irfft(x[:, :1]), ShapeError, r"^irfft\(\) wants 1 number or more along axis 1, got 0"),
    (lambda x: np.fft.fftn(x, (2,), (0, 1)), ShapeError, "as many lengths as axes, got 1 and 2"),
    (
        lambda x: (1j * x).astype(float),
        NotANumberError,
        r"astype\(\) of a Tensor of complex128 .* take its real",
    ),
]
