"""The JSON conventions under every call: behaviour that any client may lean on."""

import json

import pytest

from support import API, unique

JSON = {"Content-Type": "application/json"}


def body_of(api, path, raw, headers=None):
    return api.send("POST", path, data=raw, headers=JSON if headers is None else headers)


# -- requests --------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/"])
def test_both_prefixes(api, experiment, prefix):
    found = api.get(f"{prefix}experiments/get", experiment_id=experiment)["experiment"]
    assert found["experiment_id"] == experiment
    run = api.post(f"{prefix}runs/create", {"experiment_id": experiment})["run"]
    assert api.get(f"{prefix}runs/get", run_id=run["info"]["run_id"])["run"]["data"] == run["data"]
    (found,) = api.post(f"{prefix}runs/search", {"experiment_ids": [experiment]})["runs"]
    assert found["info"] == run["info"]


def test_content_type_is_needed(api):
    named = b'{"name": "x"}'
    missing = body_of(api, "experiments/create", named, {"Content-Type": None})
    assert missing.status_code == 400
    assert "Content-Type header is missing" in missing.json()["message"]
    for wrong in ("text/plain", "application/x-www-form-urlencoded"):
        answer = body_of(api, "experiments/create", named, {"Content-Type": wrong})
        assert answer.status_code == 400
        assert "Content-Type must be one of ['application/json']" in answer.json()["message"]


def test_content_type_may_have_parameters(api):
    body = json.dumps({"name": unique("exp")})
    for kind in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        answer = body_of(api, "experiments/search", b'{"max_results": 1}', {"Content-Type": kind})
        assert answer.status_code == 200
    assert body_of(api, "experiments/create", body).status_code == 200


def test_camel_case_is_understood(api, experiment):
    run = api.post(
        "runs/create", {"experimentId": experiment, "startTime": 5, "runName": "camel"}
    )["run"]
    assert run["info"]["run_name"] == "camel"
    assert run["info"]["start_time"] == 5
    run_id = run["info"]["run_id"]
    found = api.post("runs/search", {"experimentIds": [experiment], "maxResults": 1})["runs"]
    assert [each["info"]["run_id"] for each in found] == [run_id]


def test_both_spellings_are_one_too_many(api, experiment):
    both = {"experiment_id": experiment, "experimentId": experiment}
    assert api.refused("experiments/delete", both) == (
        "Request specifies both 'experiment_id' and 'experimentId'; provide only one of them."
    )


def test_unknown_fields_and_nulls_are_ignored(api, experiment):
    body = {"experiment_id": experiment, "run_name": None, "colour": "red", "tags": None}
    run = api.post("runs/create", {**body, "start_time": None, "user_id": None})["run"]
    assert run["info"]["start_time"] == 0
    assert run["info"]["run_name"]


def test_get_reads_its_query(api, experiment, run_id):
    assert api.get("runs/get", run_id=run_id, colour="red")["run"]["info"]["run_id"] == run_id
    found = api.send("GET", "experiments/search", params={"max_results": "1"})
    assert found.status_code == 200
    assert len(found.json()["experiments"]) == 1


def test_get_without_a_query_reads_its_body(api, experiment):
    answer = api.send("GET", "experiments/get", json={"experiment_id": experiment})
    assert answer.json()["experiment"]["experiment_id"] == experiment


def test_integers_may_be_strings(api, run_id):
    metric = {"key": "m", "value": "2.5", "timestamp": "17", "step": "-3"}
    api.post("runs/log-metric", {"run_id": run_id, **metric})
    assert api.metric(run_id, "m") == {"key": "m", "value": 2.5, "timestamp": 17, "step": -3}
    page = api.get("metrics/get-history", run_id=run_id, metric_key="m", max_results="1")
    assert len(page["metrics"]) == 1


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ('"NaN"', "NaN"),
        ('"Infinity"', 1.7976931348623157e308),
        ('"-Infinity"', -1.7976931348623157e308),
        ('"1e3"', 1000.0),
        ("1E-3", 0.001),
        ("0", 0.0),
        ("-7", -7.0),
        ("true", 1.0),
    ],
)
@pytest.mark.parametrize("path", ["runs/log-metric", "runs/log-batch"])
def test_numbers_however_they_are_spelt(api, run_id, path, sent, stored):
    metric = f'"key": "m", "value": {sent}, "timestamp": 1'
    inner = metric if path == "runs/log-metric" else f'"metrics": [{{{metric}}}]'
    answer = body_of(api, path, f'{{"run_id": "{run_id}", {inner}}}')
    assert answer.status_code == 200, answer.text
    assert api.metric(run_id, "m")["value"] == stored


def test_either_field_names_the_run(api, run_id):
    metric = {"key": "m", "value": 1, "timestamp": 1}
    api.post("runs/log-metric", {"run_uuid": run_id, **metric})
    api.post("runs/log-metric", {"run_id": run_id, "run_uuid": run_id, **metric})
    assert len(api.history(run_id, "m")) == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}, "run_id"),
        ("runs/log-metric", {"run_id": "x", "value": 1, "timestamp": 1}, "key"),
        ("runs/log-metric", {"run_id": "x", "key": "m", "timestamp": 1}, "value"),
        ("runs/log-metric", {"run_id": "x", "key": "m", "value": 1}, "timestamp"),
        ("runs/log-parameter", {"run_id": "x"}, "key"),
        ("runs/set-tag", {"run_id": "x", "value": "1"}, "key"),
        ("runs/delete", {}, "run_id"),
        ("runs/delete", {"run_id": None}, "run_id"),
        ("experiments/delete", {"experiment_id": ""}, "experiment_id"),
    ],
)
def test_missing_fields_are_named(api, path, body, field):
    assert api.refused(path, body) == (
        f"Missing value for required parameter '{field}'. "
        "See the API docs for more information about request parameters."
    )


# -- answers ---------------------------------------------------------------------


def test_only_what_is_set_is_sent(api, experiment, run_id):
    run = api.run(run_id)
    assert set(run) - {"outputs"} == {"info", "data", "inputs"}
    assert run["inputs"] == {}
    assert set(run["data"]) == {"tags"}
    assert run["info"]["user_id"] == ""
    assert set(run["info"]) == {
        *("run_uuid", "experiment_id", "run_name", "user_id", "status", "start_time"),
        *("artifact_uri", "lifecycle_stage", "run_id"),
    }
    found = api.get("experiments/get", experiment_id=experiment)["experiment"]
    assert set(found) == {
        *("experiment_id", "name", "artifact_location", "lifecycle_stage"),
        *("last_update_time", "creation_time", "workspace"),
    }
    assert found["workspace"] == "default"


def test_zeros_and_empty_strings_are_sent(api, run_id):
    api.log_batch(
        run_id,
        metrics=[{"key": "m", "value": 0, "timestamp": 0, "step": 0}],
        params=[{"key": "p", "value": ""}],
    )
    data = api.run(run_id)["data"]
    assert data["metrics"][0].items() >= {"key": "m", "value": 0, "timestamp": 0, "step": 0}.items()
    assert data["params"] == [{"key": "p", "value": ""}]


def test_answers_without_fields_are_empty_objects(api, run_id):
    metric = {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1}
    assert api.post("runs/log-metric", metric) == {}
    assert api.post("runs/set-tag", {"run_id": run_id, "key": "t", "value": "v"}) == {}
    assert api.get("metrics/get-history", run_id=run_id, metric_key="nobody") == {}
    assert api.post("runs/delete", {"run_id": run_id}) == {}


def test_headers(api, experiment):
    answer = api.send("GET", "experiments/get", params={"experiment_id": experiment})
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_error_envelope(api):
    answer = api.send("GET", "experiments/get", params={"experiment_id": "999999999"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": "No Experiment with id=999999999 exists",
        "sqlstate": "KAM00",
        "error_class": "RESOURCE_NOT_FOUND",
    }


def test_health_version_and_server_info(api):
    assert api.send("GET", "/health").text == "OK"
    version = api.send("GET", "/version").text
    assert tuple(int(part) for part in version.split(".")[:2]) >= (3, 4)
    info = api.get("/api/3.0/mlflow/server-info")
    assert info["store_type"]
    assert info["workspaces_enabled"] is False
    assert isinstance(info["multipart_uploads_enabled"], bool)
    assert isinstance(info["multipart_downloads_enabled"], bool)


@pytest.mark.parametrize("path", ["nobody/here", "runs", "runs/get/", "experiments/create/x"])
def test_unknown_routes_are_404(api, path):
    assert api.send("POST", path, json={}).status_code == 404


def test_wrong_methods_are_405(api):
    for method, path in (("GET", "runs/create"), ("POST", "runs/get"), ("DELETE", "runs/search")):
        assert api.send(method, path, json={}).status_code == 405


def test_what_is_not_offered_says_so(api, experiment):
    """Multipart uploads may be offered or not, but server-info and the route must agree."""
    offered = api.get("/api/3.0/mlflow/server-info")["multipart_uploads_enabled"]
    path = f"/api/2.0/mlflow-artifacts/mpu/create/{experiment}/dir"
    answer = api.send("POST", path, json={"path": "f.bin", "num_parts": 1})
    if offered:
        assert answer.json()["upload_id"]
    else:
        assert answer.status_code == 501
        assert answer.json()["error_code"] == "NOT_IMPLEMENTED"


# -- where Tidemark is stricter ---------------------------------------------------


@pytest.mark.ours_only
def test_unknown_routes_and_methods_have_the_envelope(api):
    unknown = api.send("POST", "nobody/here", json={})
    assert unknown.json()["error_code"] == "ENDPOINT_NOT_FOUND"
    assert api.send("GET", "runs/create").json()["message"]


@pytest.mark.ours_only
@pytest.mark.parametrize("raw", ["{bad", '{"name": ', "[1, 2]", "42", '"text"', "nonsense"])
def test_malformed_json_is_refused(api, raw):
    answer = body_of(api, "experiments/create", raw)
    assert answer.status_code == 400
    assert answer.json()["error_code"] in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST")


@pytest.mark.ours_only
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("experiments/create", {"name": 5}, "name"),
        ("experiments/create", {"name": unique("exp"), "tags": "many"}, "tags"),
        ("experiments/create", {"name": unique("exp"), "tags": [{"key": "k", "value": 5}]}, "tags"),
        ("runs/create", {"experiment_id": "0", "start_time": "soon"}, "start_time"),
        ("runs/create", {"experiment_id": "0", "start_time": 1.5}, "start_time"),
        ("runs/create", {"experiment_id": ["0"]}, "experiment_id"),
        ("runs/search", {"experiment_ids": "0"}, "experiment_ids"),
        ("runs/search", {"experiment_ids": ["0"], "max_results": "many"}, "max_results"),
        ("runs/search", {"experiment_ids": ["0"], "filter": 3}, "filter"),
        ("runs/search", {"experiment_ids": ["0"], "order_by": "name"}, "order_by"),
        ("runs/log-metric", {"run_id": "x", "key": "m", "value": "abc", "timestamp": 1}, "value"),
        ("runs/log-metric", {"run_id": "x", "key": "m", "value": 1, "timestamp": 1.5}, "timestamp"),
        ("runs/log-metric", {"run_id": "x", "key": "m", "value": 1, "timestamp": 2**63}, "timestamp"),
        ("runs/log-metric", {"run_id": "x", "key": "m", "value": 1, "timestamp": 1, "step": 1.5}, "step"),
        ("runs/log-metric", {"run_id": "x", "key": [], "value": 1, "timestamp": 1}, "key"),
    ],
)
def test_values_of_the_wrong_type_are_refused_by_name(api, path, body, field):
    assert field in api.refused(path, body)


@pytest.mark.ours_only
@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_bare_tokens_are_kept_or_refused_but_never_become_zero(api, run_id, token):
    body = f'{{"run_id": "{run_id}", "key": "m", "value": {token}, "timestamp": 1}}'
    answer = body_of(api, "runs/log-metric", body)
    if answer.status_code == 200:
        quoted = f'{{"run_id": "{run_id}", "key": "q", "value": "{token}", "timestamp": 1}}'
        assert body_of(api, "runs/log-metric", quoted).status_code == 200
        assert api.metric(run_id, "m")["value"] == api.metric(run_id, "q")["value"]
    else:
        assert answer.status_code == 400
        assert "metrics" not in api.run(run_id)["data"]


@pytest.mark.ours_only
def test_no_bare_nan_in_json(api, run_id):
    api.post("runs/log-metric", {"run_id": run_id, "key": "m", "value": "NaN", "timestamp": 1})

    def fail(token):
        raise AssertionError(f"{token} is no JSON")

    bulk = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={run_id}&metric_key=m"
    for path in (f"{API}runs/get?run_id={run_id}", bulk):
        json.loads(api.send("GET", path).text, parse_constant=fail)
