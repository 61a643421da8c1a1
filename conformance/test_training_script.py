"""The training script of examples/, as a user would run it: a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_client

SCRIPT = Path(__file__).parent.parent / "examples" / "iris.py"

LOAD_AND_PREDICT = """
import json, sys
import mlflow.sklearn
from sklearn.datasets import load_iris
model = mlflow.sklearn.load_model(sys.argv[1])
print("PREDICTED", json.dumps(model.predict(load_iris().data).tolist()))
"""


def python(*args: str, tracking_uri: str, **env: str) -> str:
    """Run Python as a user's shell would; gives its standard output back."""
    done = subprocess.run(
        [sys.executable, *args],
        env={**os.environ, "MLFLOW_TRACKING_URI": tracking_uri, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def train(tracking_uri: str, **env: str) -> str:
    out = python(str(SCRIPT), tracking_uri=tracking_uri, **env)
    match = re.search(r"^Run ID: ([0-9a-f]{32})$", out, re.MULTILINE)
    assert match, out
    return match.group(1)


@pytest.fixture(scope="module")
def trained_run(tracking_uri) -> str:
    return train(tracking_uri)


def locally_trained():
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    features, species = load_iris(return_X_y=True)
    train_x, _, train_y, _ = train_test_split(features, species, test_size=0.2, random_state=42)
    return RandomForestClassifier(n_estimators=50, random_state=42).fit(train_x, train_y)


def assert_complete(client, run_id: str) -> None:
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "rf-baseline"
    assert run.info.end_time >= run.info.start_time > 0
    assert run.data.params == {"n_estimators": "50", "random_state": "42"}
    assert set(run.data.metrics) == {"accuracy", "precision", "recall", "f1_score"}
    assert all(0.9 <= value <= 1 for value in run.data.metrics.values())
    assert client.get_experiment(run.info.experiment_id).name == "iris-classification"


def test_script_logs_a_complete_run(client, trained_run):
    assert_complete(client, trained_run)


def test_script_with_async_logging(client, tracking_uri):
    assert_complete(client, train(tracking_uri, MLFLOW_ENABLE_ASYNC_LOGGING="true"))


def test_model_loads_in_a_fresh_process_and_predicts_the_same(tracking_uri, trained_run):
    from sklearn.datasets import load_iris

    out = python(
        "-c", LOAD_AND_PREDICT, f"runs:/{trained_run}/model", tracking_uri=tracking_uri
    )
    predicted = json.loads(out.split("PREDICTED", 1)[1])
    assert predicted == locally_trained().predict(load_iris().data).tolist()


def test_runs_of_the_script_are_found_by_search(client, trained_run):
    run = client.get_run(trained_run)
    found = client.search_runs(
        [run.info.experiment_id],
        "params.n_estimators = '50' and metrics.accuracy > 0.5",
        order_by=["metrics.accuracy DESC"],
    )
    assert trained_run in {each.info.run_id for each in found}
