"""A net among scikit-learn's tools: scaled, searched over and cross-validated (extra: sklearn)."""

import warnings

from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autograd.sklearn import NetClassifier

warnings.simplefilter("ignore", ConvergenceWarning)  # 60 epochs are enough here
X, y = load_breast_cancer(return_X_y=True)
model = make_pipeline(StandardScaler(), NetClassifier((16,), max_iter=60, random_state=0))
search = GridSearchCV(model, {"netclassifier__alpha": [0.001, 0.1, 10.0]}, cv=3).fit(X, y)
scores = cross_val_score(search.best_estimator_, X, y, cv=5)
alpha = search.best_params_["netclassifier__alpha"]
print(f"alpha {alpha}: {scores.mean():.1%} ± {scores.std():.1%} of 569 rows right")
