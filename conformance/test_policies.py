"""What users of stock clients hear of a team's policies: the words of the rule, whatever call of theirs breaks it."""

import contextlib
import os
from collections.abc import Iterator

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support import Api, unique

pytestmark = [pytest.mark.ours_only, pytest.mark.any_client]

POLICIES = "/api/2.0/tidemark/policies"
NAMED = {"pattern": r"[a-z]+-\d{3}", "example": "ana-001"}
LONG = "x" * 21


@pytest.fixture
def administrator(api: Api) -> Api:
    """Policies are the administrator's, on a server that has one."""
    admin = Api(api.base)
    admin.session.headers["Authorization"] = f"Bearer {os.environ.get('TIDEMARK_ADMIN_TOKEN', '')}"
    return admin


@contextlib.contextmanager
def policy(admin: Api, experiments: str, rules: dict, mode: str = "reject") -> Iterator[str]:
    """A policy for experiments of a name, while the test lasts. Gives its name."""
    name = unique("standards")
    made = admin.post(POLICIES, {"name": name, "mode": mode, "experiments": experiments, "rules": rules})
    try:
        yield name
    finally:
        admin.post(f"{POLICIES}/{made['policy_id']}", method="DELETE")


def refusal(call) -> str:
    """The message a user sees."""
    with pytest.raises(MlflowException) as refused:
        call()
    return str(refused.value)


def test_an_experiment_s_name(administrator: Api, client: MlflowClient):
    prefix = unique("team")
    rules = {"experiment_name": {"pattern": f"{prefix}-v\\d+", "example": f"{prefix}-v2"}}
    with policy(administrator, f"{prefix}*", rules) as name:
        calls = [
            lambda: mlflow.create_experiment(f"{prefix}-final"),
            lambda: mlflow.set_experiment(f"{prefix}-final"),
            lambda: client.rename_experiment(client.create_experiment(f"{prefix}-v1"), f"{prefix}-new"),
        ]
        if mlflow.__version__.startswith("2.22."):
            # These drop what the server says to set_experiment, and complain of an experiment ID 'None'.
            refusal(calls.pop(1))
        for call in calls:
            message = refusal(call)
            assert f"Refused by policy '{name}'" in message
            assert f"does not match the pattern '{prefix}-v\\d+'. Use a name such as '{prefix}-v2'." in message
        mlflow.set_experiment(f"{prefix}-v3")


def test_a_run_s_name(administrator: Api, client: MlflowClient):
    experiment = unique("named")
    experiment_id = client.create_experiment(experiment)
    with policy(administrator, experiment, {"run_name": NAMED}):
        wanted = r"Run name 'try' does not match the pattern '[a-z]+-\d{3}'. Use a name such as 'ana-001'."
        assert wanted in refusal(lambda: mlflow.start_run(experiment_id=experiment_id, run_name="try"))
        # A name that MLflow makes up is none either.
        assert "Use a name such as 'ana-001'." in refusal(lambda: mlflow.start_run(experiment_id=experiment_id))
        with mlflow.start_run(experiment_id=experiment_id, run_name="ana-001") as run:
            assert wanted in refusal(lambda: client.update_run(run.info.run_id, name="try"))
            assert wanted in refusal(lambda: mlflow.set_tag("mlflow.runName", "try"))
        assert client.get_run(run.info.run_id).info.run_name == "ana-001"


def test_tags(administrator: Api, client: MlflowClient):
    experiment = unique("tagged")
    experiment_id = client.create_experiment(experiment)
    with policy(administrator, experiment, {"required_tags": {"env": ["training", "production"]}}):
        message = refusal(lambda: mlflow.start_run(experiment_id=experiment_id))
        assert "A run needs the tag 'env' (one of 'training', 'production') from its start." in message
        assert 'mlflow.start_run(tags={"env": "training"})' in message
        wanted = "Tag 'env' must be one of 'training', 'production', not 'dev'."
        assert wanted in refusal(lambda: mlflow.start_run(experiment_id=experiment_id, tags={"env": "dev"}))
        with mlflow.start_run(experiment_id=experiment_id, tags={"env": "training"}) as run:
            assert wanted in refusal(lambda: mlflow.set_tag("env", "dev"))
            assert wanted in refusal(lambda: mlflow.set_tags({"env": "dev"}))
            mlflow.set_tag("env", "production")
        assert client.get_run(run.info.run_id).data.tags["env"] == "production"


def test_the_default_experiment(administrator: Api, client: MlflowClient):
    with policy(administrator, client.get_experiment("0").name, {"no_default_experiment": True}):
        assert 'Call mlflow.set_experiment("<name>") before you start a run.' in refusal(
            lambda: mlflow.start_run(experiment_id="0")
        )


def test_long_params(administrator: Api, client: MlflowClient):
    experiment = unique("short")
    experiment_id = client.create_experiment(experiment)
    with policy(administrator, experiment, {"max_param_length": 20}):
        with mlflow.start_run(experiment_id=experiment_id) as run:
            wanted = "Param 'config' has 21 characters; at most 20 are allowed here."
            for call in [
                lambda: mlflow.log_param("config", LONG),
                lambda: mlflow.log_params({"config": LONG, "lr": 0.1}),
            ]:
                message = refusal(call)
                assert wanted in message
                assert 'mlflow.log_dict(value, "config.json")' in message
            mlflow.log_param("lr", 0.1)
        assert client.get_run(run.info.run_id).data.params == {"lr": "0.1"}


def test_a_policy_that_warns_lets_through_and_tags(administrator: Api, client: MlflowClient):
    experiment = unique("warned")
    rules = {
        "experiment_name": NAMED,
        "run_name": NAMED,
        "required_tags": {"env": []},
        "max_param_length": 20,
    }
    with policy(administrator, experiment, rules, mode="warn"):
        experiment_id = client.create_experiment(experiment)
        with mlflow.start_run(experiment_id=experiment_id, run_name="try") as run:
            mlflow.log_params({"config": LONG})
        tags = client.get_run(run.info.run_id).data.tags
        assert "Use a name such as 'ana-001'." in tags["tidemark.policy.run_name"]
        assert "needs the tag 'env'" in tags["tidemark.policy.required_tags"]
        assert "has 21 characters" in tags["tidemark.policy.max_param_length"]
        assert "does not match" in client.get_experiment(experiment_id).tags["tidemark.policy.experiment_name"]
        found = client.search_runs([experiment_id], "tags.`tidemark.policy.run_name` LIKE '%ana-001%'")
        assert [one.info.run_id for one in found] == [run.info.run_id]
