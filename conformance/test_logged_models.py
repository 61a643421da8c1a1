"""Logged models of MLflow 3: their states, tags, parameters, metrics, files and search."""

import mlflow
import pytest
from mlflow.entities import Metric
from mlflow.entities.logged_model_status import LoggedModelStatus
from mlflow.exceptions import RestException

from support import now_ms, unique

UNKNOWN_MODEL = "m-" + "0" * 32
GONE = {"status": 404, "code": "RESOURCE_DOES_NOT_EXIST"}


def names(models) -> list[str]:
    return [model.name for model in models]


def test_log_model_from_the_fluent_api(client, experiment, tmp_path):
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("rmse", 0.25, step=2)
        logged = mlflow.sklearn.log_model(
            model,
            name="linear",
            params={"degree": 1},
            tags={"stage": "draft"},
            step=2,
            pip_requirements=["scikit-learn"],
        )
    found = client.get_logged_model(logged.model_id)
    assert found.name == "linear"
    assert found.status == LoggedModelStatus.READY
    assert found.source_run_id == run.info.run_id
    assert found.experiment_id == experiment
    assert found.artifact_location == f"mlflow-artifacts:/{experiment}/models/{found.model_id}/artifacts"
    assert found.params["degree"] == "1"
    assert found.tags["stage"] == "draft"
    assert [(m.key, m.value, m.step) for m in found.metrics] == [("rmse", 0.25, 2)]
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [logged.model_id]
    for uri in (f"models:/{logged.model_id}", f"runs:/{run.info.run_id}/linear"):
        assert mlflow.sklearn.load_model(uri).predict([[10.0]]) == pytest.approx([21.0])
    files = mlflow.artifacts.list_artifacts(artifact_uri=f"models:/{logged.model_id}")
    assert "MLmodel" in {file.path for file in files}


def test_from_pending_to_ready(client, experiment, run_id):
    model = mlflow.initialize_logged_model(name="manual", source_run_id=run_id, model_type="agent")
    assert model.status == LoggedModelStatus.PENDING
    assert model.model_id.startswith("m-")
    assert len(model.model_id) == 34
    ready = mlflow.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    assert ready.status == LoggedModelStatus.READY
    assert ready.model_type == "agent"
    assert ready.last_updated_timestamp >= ready.creation_timestamp > 0
    failed = client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED)
    assert failed.status == LoggedModelStatus.FAILED


def test_external_model(client, experiment):
    model = mlflow.create_external_model(name="outside", params={"a": "1"}, tags={"b": "2"})
    found = client.get_logged_model(model.model_id)
    assert found.status == LoggedModelStatus.READY
    assert (found.params, found.tags["b"]) == ({"a": "1"}, "2")


def test_name_is_generated(client, experiment):
    assert client.create_logged_model(experiment).name


def test_tags(client, experiment):
    model_id = client.create_logged_model(experiment, name="m", tags={"a": "1"}).model_id
    client.set_logged_model_tags(model_id, {"a": "2", "b c": "ü"})
    assert client.get_logged_model(model_id).tags == {"a": "2", "b c": "ü"}
    client.delete_logged_model_tag(model_id, "b c")
    assert client.get_logged_model(model_id).tags == {"a": "2"}
    with pytest.raises(RestException):
        client.delete_logged_model_tag(model_id, "b c")


def test_params(client, experiment):
    model_id = client.create_logged_model(experiment, name="m", params={"a": "1"}).model_id
    many = {f"p{index}": "x" * index for index in range(150)}
    client.log_model_params(model_id, many)
    assert client.get_logged_model(model_id).params == {"a": "1", **many}


def test_metrics_with_a_model_appear_on_it(client, experiment, run_id):
    model_id = client.create_logged_model(experiment, name="m", source_run_id=run_id).model_id
    other_id = client.create_logged_model(experiment, name="other", source_run_id=run_id).model_id
    now = now_ms()
    client.log_metric(run_id, "acc", 0.5, timestamp=now, step=1, model_id=model_id)
    client.log_batch(
        run_id,
        [
            Metric("acc", 0.75, now + 1, 2, model_id=model_id, dataset_name="d", dataset_digest="x"),
            Metric("acc", 0.1, now + 1, 3, model_id=other_id),
            Metric("plain", 1.0, now, 0),
        ],
    )
    seen = {(m.key, m.value, m.step) for m in client.get_logged_model(model_id).metrics}
    assert seen == {("acc", 0.5, 1), ("acc", 0.75, 2)}
    assert [m.value for m in client.get_logged_model(other_id).metrics] == [0.1]
    assert client.get_run(run_id).data.metrics == {"acc": 0.1, "plain": 1.0}
    assert len(client.get_metric_history(run_id, "acc")) == 3


def test_metric_of_an_unknown_model(api, run_id):
    metric = {"key": "m", "value": 1, "timestamp": 1, "model_id": UNKNOWN_MODEL}
    assert api.send("POST", "runs/log-metric", json={"run_id": run_id, **metric}).status_code == 400


def test_deleted_model_is_gone(client, api, experiment):
    model_id = client.create_logged_model(experiment, name="m").model_id
    client.delete_logged_model(model_id)
    message = api.refused(f"logged-models/{model_id}", method="GET", params={"a": 1}, **GONE)
    assert message == f"Logged model with ID '{model_id}' not found."
    assert client.search_logged_models([experiment]) == []
    kept = api.get(f"logged-models/{model_id}", allow_deleted="true")["model"]
    assert kept["info"]["model_id"] == model_id


def test_unknown_model(api):
    api.refused(f"logged-models/{UNKNOWN_MODEL}", method="GET", params={"a": 1}, **GONE)
    finalize = {"model_id": UNKNOWN_MODEL, "status": "LOGGED_MODEL_READY"}
    api.refused(f"logged-models/{UNKNOWN_MODEL}", finalize, method="PATCH", **GONE)


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_names_that_cannot_be(api, experiment, name):
    api.refused("logged-models", {"experiment_id": experiment, "name": name})


def test_experiment_must_be_active(api, experiment):
    api.refused("logged-models", {"experiment_id": "999999999", "name": "m"}, **GONE)
    api.post("experiments/delete", {"experiment_id": experiment})
    api.refused("logged-models", {"experiment_id": experiment, "name": "m"})


# -- search ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(client, api):
    """An experiment of models a, b and c, whose accuracy falls, and d without any."""
    experiment = api.create_experiment(unique("shelf"))
    run_id = api.create_run(experiment)
    for index, name in enumerate("abcd"):
        model = client.create_logged_model(
            experiment,
            name=name,
            source_run_id=run_id,
            params={"depth": str(index)},
            tags={"team": "vision" if index % 2 == 0 else "text"},
            model_type="tree" if index < 2 else "net",
        )
        if name != "d":
            client.log_metric(run_id, "acc", 0.9 - index / 10, step=index, model_id=model.model_id)
            client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    return experiment


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (None, "abcd"),
        ("name = 'a'", "a"),
        ("attributes.name != 'a'", "bcd"),
        ("name LIKE '%'", "abcd"),
        ("name IN ('a', 'd')", "ad"),
        ("name NOT IN ('a', 'd')", "bc"),
        ("model_type = 'tree'", "ab"),
        ("params.depth = '2'", "c"),
        ("tags.team = 'vision'", "ac"),
        ("tags.team ILIKE 'TEX%' AND name != 'b'", "d"),
        ("metrics.acc > 0.75", "ab"),
        ("metrics.acc <= 0.7 AND params.depth = '2'", "c"),
        ("creation_timestamp > 0", "abcd"),
        ("creation_timestamp < 10", ""),
    ],
)
def test_search_filters(client, shelf, clause, expected):
    found = client.search_logged_models([shelf], filter_string=clause)
    assert sorted(names(found)) == list(expected)


def test_search_orders(client, shelf):
    def ordered(*order_by):
        return "".join(names(client.search_logged_models([shelf], order_by=list(order_by))))

    assert ordered({"field_name": "name", "ascending": False}) == "dcba"
    assert ordered({"field_name": "metrics.acc", "ascending": True}) == "cbad"
    assert ordered({"field_name": "metrics.acc", "ascending": False}) == "abcd"


def test_search_pages(client, shelf):
    order = [{"field_name": "name"}]
    seen, token, sizes = [], None, []
    while token or not sizes:
        page = client.search_logged_models([shelf], order_by=order, max_results=3, page_token=token)
        seen += names(page)
        sizes.append(len(page))
        token = page.token
    assert (seen, sizes) == (list("abcd"), [3, 1])


def test_search_of_other_experiments(client, shelf, experiment):
    client.create_logged_model(experiment, name="elsewhere")
    assert names(client.search_logged_models([experiment])) == ["elsewhere"]
    assert sorted(names(client.search_logged_models([shelf, experiment]))) == [*"abcd", "elsewhere"]


def test_search_results_carry_everything(client, shelf):
    (found,) = client.search_logged_models([shelf], filter_string="name = 'b'")
    whole = client.get_logged_model(found.model_id)
    assert found.to_dictionary() == whole.to_dictionary()
    assert [m.value for m in found.metrics] == [0.8]


@pytest.mark.parametrize("clause", ["nonsense", "params.depth > 'a'", "name = 'a' OR"])
def test_search_refuses(api, shelf, clause):
    api.refused("logged-models/search", {"experiment_ids": [shelf], "filter": clause})
