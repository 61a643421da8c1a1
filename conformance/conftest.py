"""Fixtures of the conformance suite.

Run through run.mjs, or by hand against any server:

    pytest conformance --tracking-uri http://127.0.0.1:5000 [-m "not ours_only"]
"""

import importlib.util
import os

# A retried error is a hidden error. Must be set before mlflow is imported.
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
import pytest
from mlflow import MlflowClient

from support import Api, unique

# Files that older clients can't even import.
collect_ignore = []
if not hasattr(mlflow, "initialize_logged_model"):
    collect_ignore += ["test_end_to_end.py", "test_lifecycle.py", "test_logged_models.py", "test_registry.py"]
if importlib.util.find_spec("mlflow.entities.webhook") is None:
    collect_ignore += ["test_webhooks.py"]


def pytest_addoption(parser):
    parser.addoption("--tracking-uri", required=True, help="the server to test")


@pytest.fixture(scope="session")
def tracking_uri(pytestconfig) -> str:
    return pytestconfig.getoption("--tracking-uri").rstrip("/")


@pytest.fixture(scope="session")
def api(tracking_uri) -> Api:
    return Api(tracking_uri)


@pytest.fixture(scope="session", autouse=True)
def mlflow_points_at_server(tracking_uri):
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_registry_uri(tracking_uri)


@pytest.fixture(autouse=True)
def no_run_left_active():
    yield
    while mlflow.active_run():
        mlflow.end_run("KILLED")


@pytest.fixture(scope="session")
def client(tracking_uri) -> MlflowClient:
    return MlflowClient(tracking_uri)


@pytest.fixture
def experiment(api) -> str:
    """The id of a fresh experiment, which the fluent API then works in."""
    experiment_id = api.create_experiment(unique("exp"))
    mlflow.set_experiment(experiment_id=experiment_id)
    return experiment_id


@pytest.fixture
def run_id(api, experiment) -> str:
    """The id of a fresh run in the fresh experiment."""
    return api.create_run(experiment)


@pytest.fixture
def active_run(experiment):
    """The fluent API's active run, in the fresh experiment."""
    with mlflow.start_run(experiment_id=experiment) as run:
        yield run
