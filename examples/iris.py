"""Train a random forest on the iris data and log everything to a tracking server.

Nothing here knows which server it talks to: point MLFLOW_TRACKING_URI at any
MLflow-compatible one (http://localhost:5000 when unset).

    pip install mlflow scikit-learn "skops<0.15"
    python iris.py
"""

import os

import mlflow
import mlflow.sklearn
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from sklearn.model_selection import train_test_split

N_ESTIMATORS = 50
RANDOM_STATE = 42

mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "http://localhost:5000"))
mlflow.set_experiment("iris-classification")

features, species = load_iris(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(
    features, species, test_size=0.2, random_state=RANDOM_STATE
)

with mlflow.start_run(run_name="rf-baseline") as run:
    model = RandomForestClassifier(n_estimators=N_ESTIMATORS, random_state=RANDOM_STATE)
    model.fit(train_x, train_y)
    predicted = model.predict(test_x)

    mlflow.log_param("n_estimators", N_ESTIMATORS)
    mlflow.log_param("random_state", RANDOM_STATE)

    mlflow.log_metric("accuracy", accuracy_score(test_y, predicted))
    mlflow.log_metric("precision", precision_score(test_y, predicted, average="macro"))
    mlflow.log_metric("recall", recall_score(test_y, predicted, average="macro"))
    mlflow.log_metric("f1_score", f1_score(test_y, predicted, average="macro"))

    mlflow.sklearn.log_model(model, "model")

    print(f"Run ID: {run.info.run_id}")
