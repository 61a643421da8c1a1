"""What a run used and made: datasets, model inputs and outputs, and 2.x models."""

import json

import mlflow
import mlflow.data
import numpy as np
import pandas as pd
import pytest


DATASET = {
    "name": "rows",
    "digest": "d1g35t",
    "source_type": "local",
    "source": '{"uri": "rows.csv"}',
    "schema": '{"cols": 3}',
    "profile": '{"num_rows": 10}',
}


def log_dataset(api, run_id, *tags, **fields):
    rows = [{"key": key, "value": value} for key, value in tags]
    datasets = [{"dataset": {**DATASET, **fields}, "tags": rows}]
    return api.post("runs/log-inputs", {"run_id": run_id, "datasets": datasets})


def test_pandas_and_numpy_datasets(client, experiment):
    table = mlflow.data.from_pandas(
        pd.DataFrame({"x": [1, 2, 3], "y": [0.5, 1.5, 2.5]}), source="https://x.test/t.csv", name="table"
    )
    array = mlflow.data.from_numpy(np.arange(12).reshape(3, 4), name="array")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_input(table, context="training")
        mlflow.log_input(array, context="test", tags={"split": "10%"})

    for found in (client.get_run(run.info.run_id), client.search_runs([experiment])[0]):
        inputs = {each.dataset.name: each for each in found.inputs.dataset_inputs}
        assert set(inputs) == {"table", "array"}
        assert inputs["table"].dataset.digest == table.digest
        assert json.loads(inputs["table"].dataset.schema) == {"mlflow_colspec": table.schema.to_dict()}
        assert json.loads(inputs["table"].dataset.profile)["num_rows"] == 3
        assert {tag.key: tag.value for tag in inputs["array"].tags} == {
            "mlflow.data.context": "test",
            "split": "10%",
        }
    source = mlflow.data.get_source(client.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset)
    assert source is not None


def test_dataset_is_one_an_experiment(api, experiment):
    first, second = api.create_run(experiment), api.create_run(experiment)
    log_dataset(api, first, ("mlflow.data.context", "train"))
    log_dataset(api, second, ("mlflow.data.context", "eval"), source="{}", profile="changed")
    for run_id, context in ((first, "train"), (second, "eval")):
        (entry,) = api.run(run_id)["inputs"]["dataset_inputs"]
        assert entry["dataset"] == DATASET
        assert entry["tags"] == [{"key": "mlflow.data.context", "value": context}]


def test_repeat_is_no_second_link(api, run_id):
    log_dataset(api, run_id, ("a", "1"))
    log_dataset(api, run_id, ("a", "2"), ("b", "1"))
    (entry,) = api.run(run_id)["inputs"]["dataset_inputs"]
    assert entry["tags"] == [{"key": "a", "value": "1"}]


def test_filter_by_dataset(client, api, experiment):
    with_rows, without = api.create_run(experiment), api.create_run(experiment)
    log_dataset(api, with_rows, ("mlflow.data.context", "train"))
    log_dataset(api, without, name="other")
    for clause in ("dataset.name = 'rows'", "datasets.context = 'train'", "dataset.name LIKE 'r%'"):
        found = client.search_runs([experiment], clause)
        assert [run.info.run_id for run in found] == [with_rows]
    found = client.search_runs([experiment], "dataset.digest = 'd1g35t'")
    assert {run.info.run_id for run in found} == {with_rows, without}


def test_datasets_of_an_experiment(api, tracking_uri, experiment):
    log_dataset(api, api.create_run(experiment), ("mlflow.data.context", "train"))
    log_dataset(api, api.create_run(experiment), name="plain")
    found = api.post(
        "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [experiment]}
    )["dataset_summaries"]
    assert sorted(found, key=lambda row: row["name"]) == [
        {"experiment_id": experiment, "name": "plain", "digest": "d1g35t"},
        {"experiment_id": experiment, "name": "rows", "digest": "d1g35t", "context": "train"},
    ]


@pytest.mark.parametrize(
    "too_long", [{"name": "n" * 501}, {"digest": "d" * 37}, {"source": "s" * 65536}]
)
def test_dataset_limits(api, run_id, too_long):
    body = {"run_id": run_id, "datasets": [{"dataset": {**DATASET, **too_long}}]}
    assert "exceeds the maximum length" in api.refused("runs/log-inputs", body)
    assert "dataset_inputs" not in api.run(run_id)["inputs"]


def test_model_inputs_and_outputs(client, api, experiment, run_id):
    model = client.create_logged_model(experiment, name="m", source_run_id=run_id)
    ids = {"model_id": model.model_id}
    api.post("runs/log-inputs", {"run_id": run_id, "models": [ids]})
    api.post("runs/outputs", {"run_id": run_id, "models": [{**ids, "step": 4}]})
    run = client.get_run(run_id)
    assert [each.model_id for each in run.inputs.model_inputs] == [model.model_id]
    assert [(each.model_id, each.step) for each in run.outputs.model_outputs] == [(model.model_id, 4)]
    (found,) = client.search_runs([experiment])
    assert [each.model_id for each in found.outputs.model_outputs] == [model.model_id]


def test_inputs_are_there_even_when_empty(api, run_id):
    assert api.run(run_id)["inputs"] == {}


def legacy_model(run_id: str, path: str) -> str:
    return json.dumps(
        {
            "artifact_path": path,
            "flavors": {"python_function": {"env": "conda.yaml"}},
            "utc_time_created": "2026-01-01 00:00:00.000000",
            "run_id": run_id,
            "model_uuid": "0" * 32,
        }
    )


def test_legacy_models_become_a_tag(api, run_id):
    for path in ("first", "second"):
        api.post("runs/log-model", {"run_id": run_id, "model_json": legacy_model(run_id, path)})
    history = json.loads(api.tags(run_id)["mlflow.log-model.history"])
    assert [model["artifact_path"] for model in history] == ["first", "second"]
    assert history[0]["flavors"] == {"python_function": {"env": "conda.yaml"}}


@pytest.mark.parametrize("missing", ["artifact_path", "flavors", "utc_time_created", "run_id"])
def test_legacy_model_needs_its_fields(api, run_id, missing):
    model = json.loads(legacy_model(run_id, "m"))
    del model[missing]
    message = api.refused("runs/log-model", {"run_id": run_id, "model_json": json.dumps(model)})
    assert missing in message
    api.refused("runs/log-model", {"run_id": run_id, "model_json": "{"})


def test_inputs_of_a_deleted_run(api, run_id):
    api.post("runs/delete", {"run_id": run_id})
    body = {"run_id": run_id, "datasets": [{"dataset": DATASET}]}
    assert "must be in the 'active' state" in api.refused("runs/log-inputs", body)
