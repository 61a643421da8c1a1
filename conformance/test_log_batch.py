"""log-batch: its limits, the order of its checks, and that it is all or nothing."""

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from support import now_ms


def metrics(count, first=0):
    return [{"key": f"m{i}", "value": i, "timestamp": 1, "step": 0} for i in range(first, first + count)]


def pairs(prefix, count):
    return [{"key": f"{prefix}{i}", "value": str(i)} for i in range(count)]


def assert_empty(api, run_id):
    data = api.run(run_id)["data"]
    assert "metrics" not in data
    assert "params" not in data
    assert set(api.tags(run_id)) == {"mlflow.runName"}


def refused(api, run_id, status=400, code="INVALID_PARAMETER_VALUE", **parts):
    return api.refused("runs/log-batch", {"run_id": run_id, **parts}, status=status, code=code)


def test_empty_batch_is_fine(api, run_id):
    assert api.log_batch(run_id) == {}
    assert api.log_batch(run_id, metrics=[], params=[], tags=[]) == {}
    assert_empty(api, run_id)


def test_largest_batches(api, run_id):
    api.log_batch(run_id, metrics=metrics(800), params=pairs("p", 100), tags=pairs("t", 100))
    api.log_batch(run_id, metrics=metrics(1000))
    data = api.run(run_id)["data"]
    assert len(data["metrics"]) == 1000
    assert len(data["params"]) == 100
    assert len(data["tags"]) == 101


def test_largest_legal_body(api, run_id):
    params = [{"key": f"p{i}" + "k" * 240, "value": "ü" * 6000} for i in range(100)]
    tags = [{"key": f"t{i}" + "k" * 240, "value": "ü" * 8000} for i in range(100)]
    api.log_batch(run_id, params=params, tags=tags)
    assert set(api.params(run_id).values()) == {"ü" * 6000}
    assert len(api.tags(run_id)) == 101


@pytest.mark.parametrize(
    ("parts", "limit", "what", "got"),
    [
        ({"metrics": metrics(1001)}, 1000, "metrics", 1001),
        ({"params": pairs("p", 101)}, 100, "params", 101),
        ({"tags": pairs("t", 101)}, 100, "tags", 101),
        (
            {"metrics": metrics(950), "params": pairs("p", 30), "tags": pairs("t", 30)},
            1000,
            "metrics, params, and tags",
            1010,
        ),
    ],
)
def test_counts(api, run_id, parts, limit, what, got):
    assert refused(api, run_id, **parts) == (
        f"A batch logging request can contain at most {limit} {what}. Got {got} {what}. "
        f"Please split up {what} across multiple requests and try again."
    )
    assert_empty(api, run_id)


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"metrics": [{"value": 1, "timestamp": 1}]}, "metrics[0].key"),
        ({"metrics": [*metrics(1), {"key": "x", "timestamp": 1}]}, "metrics[1].value"),
        ({"metrics": [*metrics(1), {"key": "x", "value": 1}]}, "metrics[1].timestamp"),
        ({"params": [{"value": "1"}]}, "params[0].key"),
        ({"tags": [*pairs("t", 2), {"value": "1"}]}, "tags[2].key"),
        ({"metrics": [*metrics(1), {"key": "a//b", "value": 1, "timestamp": 1}]}, "metrics[1].name"),
        ({"params": [{"key": "../up", "value": "1"}]}, "params[0].key"),
        ({"tags": [{"key": "a,b", "value": "1"}]}, "tags[0].key"),
        ({"metrics": metrics(3), "params": [{"key": "k" * 251, "value": ""}]}, "Param key"),
        ({"metrics": [{"key": "x", "value": 1, "timestamp": -1}]}, "imestamp"),
        ({"metrics": "many"}, "metrics"),
        ({"params": {"key": "p"}}, "params"),
    ],
)
def test_message_names_the_culprit_and_nothing_is_stored(api, run_id, parts, named):
    message = refused(api, run_id, **{"tags": pairs("t", 1), **parts})
    assert named in message
    assert_empty(api, run_id)


def test_param_conflict_stores_nothing(api, run_id):
    api.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "1"})
    before = api.run(run_id)
    refused(
        api,
        run_id,
        metrics=metrics(3),
        params=[{"key": "q", "value": "1"}, {"key": "p", "value": "2"}],
        tags=pairs("t", 2),
    )
    assert api.run(run_id) == before
    assert api.history(run_id, "m0") == []


def test_param_given_twice_in_one_batch(api, run_id):
    twice = [{"key": "d", "value": "1"}, {"key": "d", "value": "1"}]
    assert "Duplicate parameter keys have been submitted: ['d']" in refused(
        api, run_id, metrics=metrics(1), params=twice
    )
    assert_empty(api, run_id)


def test_unknown_run_and_missing_run(api):
    gone = {"status": 404, "code": "RESOURCE_DOES_NOT_EXIST"}
    assert refused(api, "0" * 32, metrics=metrics(1), **gone).startswith("Run with id=")
    assert "run_id" in refused(api, None, metrics=metrics(1))
    assert "run_id" in refused(api, "", metrics=metrics(1))
    refused(api, "not/a/run", metrics=metrics(1))


def test_param_without_a_value(api, run_id):
    api.log_batch(run_id, params=[{"key": "p"}], tags=[{"key": "t"}])
    assert api.params(run_id) == {"p": ""}
    assert api.tags(run_id)["t"] == ""


def test_all_parts_land(client, run_id):
    now = now_ms()
    client.log_batch(
        run_id,
        metrics=[Metric("a", 1, now, 0), Metric("a", 2, now, 1), Metric("b", -1, now, 0)],
        params=[Param("p", "1")],
        tags=[RunTag("t", "1")],
    )
    data = client.get_run(run_id).data
    assert data.metrics == {"a": 2.0, "b": -1.0}
    assert data.params == {"p": "1"}
    assert data.tags["t"] == "1"


def test_fluent_conflict_is_an_exception(active_run):
    mlflow.log_params({"a": 1, "b": 2})
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        mlflow.log_params({"a": 1, "b": 3})


@pytest.mark.ours_only
@pytest.mark.parametrize(
    "metric",
    [
        {"key": "x", "value": "abc", "timestamp": 1},
        {"key": "x", "value": 1, "timestamp": 1.5},
        {"key": "x", "value": 1, "timestamp": 1, "step": "one"},
        {"key": "x", "value": 1, "timestamp": 2**63},
        {"key": 7, "value": 1, "timestamp": 1},
        {"key": "x", "value": [], "timestamp": 1},
    ],
)
def test_a_metric_that_cannot_be_read_is_refused_not_dropped(api, run_id, metric):
    message = refused(api, run_id, metrics=[*metrics(2), metric], tags=pairs("t", 1))
    assert "metrics[2]" in message
    assert_empty(api, run_id)
