"""Deleting and restoring experiments with all they hold, and what hangs on names, tags and parents."""

import mlflow
import pandas as pd
import pytest
from mlflow.entities import LoggedModelInput, LoggedModelOutput, ViewType
from mlflow.exceptions import MlflowException, RestException

from support import unique


def stages(client, *runs):
    return [client.get_run(run.info.run_id).info.lifecycle_stage for run in runs]


@pytest.fixture
def family(experiment):
    """A run, a run within it, and a model that the outer one made."""
    with mlflow.start_run(experiment_id=experiment) as outer:
        with mlflow.start_run(nested=True, experiment_id=experiment) as inner:
            mlflow.log_metric("loss", 1, step=0)
        model = mlflow.initialize_logged_model(name="net", params={"depth": "3"})
        mlflow.finalize_logged_model(model.model_id, "READY")
    return outer, inner, model


def test_an_experiment_takes_its_runs_along(client, experiment, family):
    outer, inner, model = family
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert stages(client, outer, inner) == ["deleted", "deleted"]
    assert client.search_runs([experiment]) == []
    assert len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)) == 2
    # A model is not a run: it is there until it is deleted itself.
    assert mlflow.get_logged_model(model.model_id).status == "READY"

    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert stages(client, outer, inner) == ["active", "active"]
    with mlflow.start_run(run_id=inner.info.run_id):
        mlflow.log_metric("loss", 0.5, step=1)
    found = client.get_run(inner.info.run_id)
    assert found.data.metrics == {"loss": 0.5}
    assert found.data.tags["mlflow.parentRunId"] == outer.info.run_id


def test_nothing_is_written_to_what_is_deleted(client, experiment, family):
    outer, inner, _ = family
    client.delete_experiment(experiment)
    for write in (
        lambda: client.log_metric(inner.info.run_id, "loss", 2),
        lambda: client.log_param(inner.info.run_id, "p", 1),
        lambda: client.set_tag(inner.info.run_id, "t", 1),
        lambda: client.update_run(outer.info.run_id, status="FAILED"),
        lambda: client.create_run(experiment),
        lambda: client.set_experiment_tag(experiment, "t", "1"),
        lambda: mlflow.create_external_model(name="other", experiment_id=experiment),
    ):
        with pytest.raises(MlflowException, match="must be in the 'active' state") as refusal:
            write()
        assert refusal.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException, match="deleted state"):
        mlflow.start_run(run_id=inner.info.run_id)
    client.restore_experiment(experiment)
    assert client.get_run(inner.info.run_id).data.metrics == {"loss": 1}


def test_a_parent_does_not_take_its_children_along(client, family):
    outer, inner, _ = family
    client.delete_run(outer.info.run_id)
    client.delete_run(outer.info.run_id)
    assert stages(client, outer, inner) == ["deleted", "active"]
    client.restore_run(outer.info.run_id)
    client.restore_run(outer.info.run_id)
    assert stages(client, outer, inner) == ["active", "active"]


def test_restoring_an_experiment_restores_every_run(client, experiment, family):
    outer, inner, _ = family
    client.delete_run(inner.info.run_id)
    client.delete_experiment(experiment)
    client.restore_experiment(experiment)
    assert stages(client, outer, inner) == ["active", "active"]


def test_a_run_of_a_deleted_experiment_can_be_restored_alone(client, experiment, family):
    outer, inner, _ = family
    client.delete_experiment(experiment)
    client.restore_run(inner.info.run_id)
    assert stages(client, outer, inner) == ["deleted", "active"]
    client.set_tag(inner.info.run_id, "t", "1")


def test_a_deleted_name_stays_taken(client, experiment):
    name = client.get_experiment(experiment).name
    client.delete_experiment(experiment)
    with pytest.raises(RestException, match="already exists") as refusal:
        client.create_experiment(name)
    assert refusal.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert client.get_experiment_by_name(name).lifecycle_stage == "deleted"


def test_name_and_tag_mirror_each_other(api, run_id):
    def name():
        run = api.run(run_id)
        return run["info"]["run_name"], api.tags(run_id).get("mlflow.runName")

    for path, body, expected in (
        ("update", {"run_name": "one"}, ("one", "one")),
        ("set-tag", {"key": "mlflow.runName", "value": "two"}, ("two", "two")),
        ("set-tag", {"key": "mlflow.runName", "value": ""}, ("two", "two")),
        ("log-batch", {"tags": [{"key": "mlflow.runName", "value": n} for n in ("x", "three")]}, ("three", "three")),
        ("delete-tag", {"key": "mlflow.runName"}, ("three", None)),
        ("update", {"run_name": ""}, ("three", None)),
        ("update", {"run_name": "four"}, ("four", "four")),
    ):
        api.post(f"runs/{path}", {"run_id": run_id, **body})
        assert name() == expected, path


def test_models_and_datasets_of_a_run(client, experiment):
    train = mlflow.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}), name=unique("train"))
    evaluation = mlflow.data.from_pandas(pd.DataFrame({"x": [3.0]}), name=unique("eval"))
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_input(train, context="training", tags={"part": "a"})
        mlflow.log_input(evaluation)
        model = mlflow.initialize_logged_model(name="net")
        mlflow.log_metric("acc", 0.5, step=1, model_id=model.model_id, dataset=train)
        mlflow.log_metrics({"f1": 0.25, "acc": 0.75}, step=2, model_id=model.model_id, dataset=evaluation)
        mlflow.log_outputs(models=[LoggedModelOutput(model.model_id, 3)])
        client.log_inputs(run.info.run_id, models=[LoggedModelInput(model.model_id)])
    found = client.get_run(run.info.run_id)
    assert found.data.metrics == {"acc": 0.75, "f1": 0.25}
    assert {each.dataset.name: {tag.key: tag.value for tag in each.tags} for each in found.inputs.dataset_inputs} == {
        train.name: {"mlflow.data.context": "training", "part": "a"},
        evaluation.name: {},
    }
    assert [each.model_id for each in found.inputs.model_inputs] == [model.model_id]
    assert [(each.model_id, each.step) for each in found.outputs.model_outputs] == [(model.model_id, 3)]
    metrics = mlflow.get_logged_model(model.model_id).metrics
    assert sorted((each.key, each.value, each.step, each.dataset_name, each.dataset_digest) for each in metrics) == [
        ("acc", 0.5, 1, train.name, train.digest),
        ("acc", 0.75, 2, evaluation.name, evaluation.digest),
        ("f1", 0.25, 2, evaluation.name, evaluation.digest),
    ]


def test_the_page_finds_the_datasets_of_its_experiments(api, experiment):
    name = unique("data")
    for context in ("train", "train", "eval"):
        dataset = {"name": name, "digest": "1", "source_type": "local", "source": "s"}
        tags = [{"key": "mlflow.data.context", "value": context}]
        run_id = api.create_run(experiment)
        api.post("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]})
    path = "/ajax-api/2.0/mlflow/experiments/search-datasets"
    found = api.post(path, {"experiment_ids": [experiment]})["dataset_summaries"]
    one = {"experiment_id": experiment, "name": name, "digest": "1"}
    assert sorted(found, key=lambda each: each["context"]) == [{**one, "context": "eval"}, {**one, "context": "train"}]
    assert "at least one experiment_id" in api.refused(path, {"experiment_ids": []})
    assert "Received 21 experiment_ids" in api.refused(path, {"experiment_ids": [experiment] * 21})
