"""Nets as scikit-learn's estimators: in pipelines, grid searches and cross-validation.

The constructors are those of scikit-learn's ``MLPClassifier`` and ``MLPRegressor`` as far as these have
the parameter, and what is learned has their names too, so that one can stand in the place of the other.
scikit-learn comes with the extra ``sklearn``.

>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True)
>>> model = NetClassifier((16,), solver="lbfgs", random_state=0).fit(X, y)
>>> bool(model.score(X, y) > 0.95)
True
"""

from autograd.errors import MissingExtraError

try:
    import sklearn  # noqa: F401 - to say what is missing
except ImportError:
    raise MissingExtraError.of("autograd.sklearn", "sklearn") from None

from autograd.sklearn.classifier import NetClassifier
from autograd.sklearn.regressor import NetRegressor

__all__ = ["NetClassifier", "NetRegressor"]
