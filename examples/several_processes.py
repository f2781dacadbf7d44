"""Learn to read digits in several processes, each with a part of the rows.

$ mpiexec -n 2 python -m mpi4py several_processes.py
"""

import random
from pathlib import Path

import numpy as np

from autograd.nn import Net

try:
    from mpi4py import MPI

    comm, rank, size = MPI.COMM_WORLD, MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size
except ImportError:  # without the extra mpi one process trains alone
    comm, rank, size = None, 0, 1
table = np.genfromtxt(Path(__file__).parent / "digits.csv.gz", delimiter=",", skip_header=1)
np.random.default_rng(1).shuffle(table)
X, labels = table[:, :-1] / 16, table[:, -1].astype(int)
mine = slice(rank, 1400, size)  # every size-th of the rows to learn from

random.seed(1)
net = Net(64, [64, 10], "relu", "linear", init="he")
options = {"loss": "cross_entropy", "lr": 0.003, "epochs": 20, "batch_size": 32 // size, "seed": 1}
net.fit(X[mine], labels[mine], comm=comm, **options)
if rank == 0:
    right = (net.predict(X[1400:]).argmax(axis=1) == labels[1400:]).mean()
    print(f"processes: {size}, held-out digits read rightly: {right:.1%}")
