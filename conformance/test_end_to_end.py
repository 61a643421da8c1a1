"""From training to production: one process trains and registers, another one loads the champion and reports how it does."""

import mlflow
import pytest

from support import unique
from test_training_script import python

PRODUCTION = """
import sys, time
import mlflow
from sklearn.datasets import load_iris

name, experiment = sys.argv[1:]
champion = mlflow.pyfunc.load_model(f"models:/{name}@champion")
features, species = load_iris(return_X_y=True)
mlflow.set_experiment(experiment_id=experiment)
with mlflow.start_run(run_name="production") as run:
    mlflow.set_tag("model", f"{name}@champion")
    for step, start in enumerate(range(0, 150, 10)):
        began = time.perf_counter()
        wrong = (champion.predict(features[start:start + 10]) != species[start:start + 10]).mean()
        mlflow.log_metrics({"latency_ms": 1000 * (time.perf_counter() - began), "error": float(wrong)}, step=step)
    print("RUN", run.info.run_id)
"""


@pytest.fixture
def autologged():
    mlflow.sklearn.autolog(log_models=False)
    yield
    mlflow.sklearn.autolog(disable=True)


def test_a_model_goes_from_training_to_production(client, tracking_uri, experiment, autologged):
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    name = unique("iris")
    features, species = load_iris(return_X_y=True)
    with mlflow.start_run(experiment_id=experiment) as training:
        classifier = LogisticRegression(max_iter=500).fit(features, species)
        info = mlflow.sklearn.log_model(
            classifier, name="classifier", registered_model_name=name, pip_requirements=["scikit-learn"]
        )
    client.set_registered_model_alias(name, "champion", info.registered_model_version)

    out = python("-c", PRODUCTION, name, experiment, tracking_uri=tracking_uri)
    production = client.get_run(out.split("RUN ")[1].split()[0])

    assert production.info.status == "FINISHED"
    assert production.data.tags["model"] == f"{name}@champion"
    errors = client.get_metric_history(production.info.run_id, "error")
    assert [m.step for m in errors] == list(range(15))
    expected = (classifier.predict(features) != species).mean()
    assert sum(m.value for m in errors) / 15 == pytest.approx(expected)
    latencies = client.get_metric_history(production.info.run_id, "latency_ms")
    assert len(latencies) == 15 and all(m.value > 0 for m in latencies)

    trained = client.get_run(training.info.run_id).data
    assert trained.params["max_iter"] == "500"
    assert trained.metrics["training_accuracy_score"] == pytest.approx(1 - expected)
    assert client.get_model_version_by_alias(name, "champion").run_id == training.info.run_id
