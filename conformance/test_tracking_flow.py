"""A day with the fluent API: what every client version, old or new, does in one go."""

import math

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType

from support import now_ms, unique

pytestmark = pytest.mark.any_client


def test_run_from_start_to_end(client):
    name = unique("flow")
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_name="first", description="what it is for") as run:
        mlflow.log_params({"lr": 0.1, "layers": "3"})
        mlflow.set_tags({"team": "vision", "note": "ünïcode ✓"})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"a": 1, "b": -2.5}, step=7)
        assert client.get_run(run.info.run_id).info.status == "RUNNING"

    done = client.get_run(run.info.run_id)
    assert done.info.status == "FINISHED"
    assert done.info.experiment_id == experiment.experiment_id
    assert done.info.run_name == "first"
    assert done.data.params == {"lr": "0.1", "layers": "3"}
    assert done.data.metrics == {"loss": 0.2, "a": 1.0, "b": -2.5}
    assert done.data.tags["team"] == "vision"
    assert done.data.tags["note"] == "ünïcode ✓"
    assert done.data.tags["mlflow.runName"] == "first"
    assert done.data.tags["mlflow.note.content"] == "what it is for"
    assert [m.value for m in client.get_metric_history(run.info.run_id, "loss")] == [
        1.0,
        1 / 2,
        1 / 3,
        1 / 4,
        1 / 5,
    ]


def test_failing_script_leaves_a_failed_run(client, experiment):
    with pytest.raises(ZeroDivisionError), mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_metric("before", 1)
        1 / 0  # noqa: B018
    failed = client.get_run(run.info.run_id)
    assert failed.info.status == "FAILED"
    assert failed.data.metrics == {"before": 1.0}


def test_nested_runs(client, experiment):
    with mlflow.start_run(experiment_id=experiment, run_name="parent") as parent:
        children = []
        for index in range(3):
            with mlflow.start_run(nested=True, run_name=f"child-{index}") as child:
                mlflow.log_metric("score", index)
                children.append(child.info.run_id)
    found = client.search_runs(
        [experiment],
        f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.score DESC"],
    )
    assert [run.info.run_id for run in found] == children[::-1]


def test_finished_run_is_resumed(client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_metric("loss", 3, step=0)
    with mlflow.start_run(run_id=run.info.run_id):
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("loss", 2, step=1)
    resumed = client.get_run(run.info.run_id)
    assert resumed.info.status == "FINISHED"
    assert resumed.data.metrics["loss"] == 2.0
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss")] == [0, 1]


def test_numbers_that_json_has_no_word_for(client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_metrics({"nan": math.nan, "up": math.inf, "down": -math.inf})
    metrics = client.get_run(run.info.run_id).data.metrics
    assert math.isnan(metrics["nan"])
    assert metrics["up"] > 1e308
    assert metrics["down"] < -1e308


def test_big_batch_is_split_by_the_client(client, run_id):
    now = now_ms()
    client.log_batch(
        run_id,
        metrics=[Metric("m", float(i), now, i) for i in range(1500)],
        params=[Param(f"p{i}", str(i)) for i in range(90)],
        tags=[RunTag(f"t{i}", str(i)) for i in range(90)],
    )
    run = client.get_run(run_id)
    assert run.data.metrics == {"m": 1499.0}
    assert run.data.params == {f"p{i}": str(i) for i in range(90)}
    assert run.data.tags["t89"] == "89"
    assert len(client.get_metric_history(run_id, "m")) == 1500


def test_artifacts_go_up_and_come_down(client, experiment, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_artifact(str(tmp_path / "notes.txt"), "docs")
        mlflow.log_text("inline", "docs/inline.txt")
        mlflow.log_dict({"a": [1, 2]}, "conf.json")
    run_id = run.info.run_id
    assert [(f.path, f.is_dir) for f in client.list_artifacts(run_id)] == [
        ("conf.json", False),
        ("docs", True),
    ]
    assert [(f.path, f.file_size) for f in client.list_artifacts(run_id, "docs")] == [
        ("docs/inline.txt", 6),
        ("docs/notes.txt", 5),
    ]
    fetched = mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(tmp_path / "down"))
    assert (tmp_path / "down" / "docs" / "notes.txt").read_text() == "hello"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/conf.json") == {"a": [1, 2]}
    assert fetched


def test_search_as_a_table(experiment):
    for index in range(3):
        with mlflow.start_run(experiment_id=experiment, run_name=f"r{index}"):
            mlflow.log_param("kind", "even" if index % 2 == 0 else "odd")
            mlflow.log_metric("score", index)
    table = mlflow.search_runs(
        [experiment], filter_string="params.kind = 'even'", order_by=["metrics.score DESC"]
    )
    assert list(table["tags.mlflow.runName"]) == ["r2", "r0"]
    assert list(table["metrics.score"]) == [2.0, 0.0]


def test_deleted_run_is_hidden_and_comes_back(client, run_id, experiment):
    client.delete_run(run_id)
    assert client.search_runs([experiment]) == []
    hidden = client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)
    assert [run.info.run_id for run in hidden] == [run_id]
    client.restore_run(run_id)
    assert [run.info.run_id for run in client.search_runs([experiment])] == [run_id]


def test_async_logging_arrives_whole(client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        pending = [mlflow.log_metric("m", step * 0.5, step=step, synchronous=False) for step in range(200)]
        pending.append(mlflow.log_param("p", "late", synchronous=False))
        pending.append(mlflow.set_tag("t", "late", synchronous=False))
        for each in pending:
            each.wait()
    history = client.get_metric_history(run.info.run_id, "m")
    assert sorted((m.step, m.value) for m in history) == [(s, s * 0.5) for s in range(200)]
    finished = client.get_run(run.info.run_id)
    assert finished.data.metrics["m"] == 99.5
    assert finished.data.params["p"] == "late"
    assert finished.data.tags["t"] == "late"
