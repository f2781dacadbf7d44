"""Nets as scikit-learn estimators, for pipelines, grid searches and cross-validation.

Parameters and learned attributes have the names that they have in scikit-learn's ``MLPClassifier`` and
``MLPRegressor``, so that these can be replaced by the estimators here. The extra ``sklearn`` installs
scikit-learn.

>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True)
>>> model = NetClassifier((16,), solver="lbfgs", random_state=0).fit(X, y)
>>> bool(model.score(X, y) > 0.95)
True
"""

from autograd.errors import MissingExtraError

try:
    import sklearn
except ImportError:
    raise MissingExtraError.of("autograd.sklearn", "sklearn") from None

from autograd.sklearn.classifier import NetClassifier
from autograd.sklearn.regressor import NetRegressor

__all__ = ["NetClassifier", "NetRegressor"]
