"""Runs: creation, names, states, tags and parameters."""

import re

import mlflow
import pytest
from mlflow.entities import Param, RunTag
from mlflow.exceptions import MlflowException, RestException

from support import now_ms, unique

UNKNOWN_RUN = "0" * 32


def test_create_as_little_as_possible(api, experiment):
    info = api.post("runs/create", {"experiment_id": experiment})["run"]["info"]
    assert re.fullmatch(r"[0-9a-f]{32}", info["run_id"])
    assert info["run_uuid"] == info["run_id"]
    assert info["experiment_id"] == experiment
    assert info["status"] == "RUNNING"
    assert info["lifecycle_stage"] == "active"
    assert info["start_time"] == 0
    assert info["user_id"] == ""
    assert info["artifact_uri"] == f"mlflow-artifacts:/{experiment}/{info['run_id']}/artifacts"
    assert "end_time" not in info


def test_create_with_everything(api, experiment):
    body = {
        "experiment_id": experiment,
        "user_id": "ann",
        "run_name": "named",
        "start_time": 1234567890123,
        "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": ""}],
    }
    created = api.post("runs/create", body)["run"]
    assert created["info"]["user_id"] == "ann"
    assert created["info"]["run_name"] == "named"
    assert created["info"]["start_time"] == 1234567890123
    run_id = created["info"]["run_id"]
    assert api.tags(run_id) == {"a": "1", "b": "", "mlflow.runName": "named"}
    assert api.run(run_id)["info"] == created["info"]


def test_get_by_either_name_of_the_id(api, run_id):
    assert api.get("runs/get", run_uuid=run_id) == api.get("runs/get", run_id=run_id)


def test_name_is_generated_and_mirrored(api, experiment):
    generated = set()
    for _ in range(3):
        run = api.post("runs/create", {"experiment_id": experiment})["run"]
        name = run["info"]["run_name"]
        assert re.fullmatch(r"[a-z]+-[a-z]+-\d{1,4}", name)
        assert api.tags(run["info"]["run_id"])["mlflow.runName"] == name
        generated.add(name)
    assert len(generated) == 3


def test_name_from_the_tag(api, experiment):
    tags = [{"key": "mlflow.runName", "value": "from tag"}]
    run_id = api.create_run(experiment, tags=tags)
    assert api.run(run_id)["info"]["run_name"] == "from tag"
    same = api.create_run(experiment, tags=tags, run_name="from tag")
    assert api.run(same)["info"]["run_name"] == "from tag"
    body = {"experiment_id": experiment, "tags": tags, "run_name": "another"}
    message = api.refused("runs/create", body)
    assert message.startswith("Both 'run_name' argument and 'mlflow.runName' tag are specified")


def test_name_and_its_tag_stay_the_same(client, run_id):
    client.update_run(run_id, name="by update")
    assert client.get_run(run_id).data.tags["mlflow.runName"] == "by update"
    client.set_tag(run_id, "mlflow.runName", "by tag")
    assert client.get_run(run_id).info.run_name == "by tag"
    client.log_batch(run_id, tags=[RunTag("mlflow.runName", "by batch")])
    assert client.get_run(run_id).info.run_name == "by batch"
    client.delete_tag(run_id, "mlflow.runName")
    assert client.get_run(run_id).info.run_name == "by batch"


def test_empty_name_changes_nothing(api, run_id):
    before = api.run(run_id)["info"]["run_name"]
    api.post("runs/update", {"run_id": run_id, "run_name": ""})
    assert api.run(run_id)["info"]["run_name"] == before


def test_update(api, run_id):
    update = {"run_id": run_id, "status": "FINISHED", "end_time": now_ms()}
    answered = api.post("runs/update", update)["run_info"]
    assert answered["status"] == "FINISHED"
    assert answered["end_time"] == update["end_time"]
    assert answered == api.run(run_id)["info"]


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"])
def test_any_status_may_follow_any(client, run_id, status):
    client.set_terminated(run_id, "FINISHED")
    client.update_run(run_id, status=status)
    assert client.get_run(run_id).info.status == status


def test_finished_run_still_takes_writes(client, run_id):
    client.set_terminated(run_id)
    client.log_metric(run_id, "late", 1.0)
    client.log_param(run_id, "late", "1")
    client.set_tag(run_id, "late", "1")
    data = client.get_run(run_id).data
    assert (data.metrics["late"], data.params["late"], data.tags["late"]) == (1.0, "1", "1")


def test_resume_with_the_fluent_api(client, active_run):
    run_id = active_run.info.run_id
    mlflow.end_run("FAILED")
    with mlflow.start_run(run_id=run_id):
        assert client.get_run(run_id).info.status == "RUNNING"
    assert client.get_run(run_id).info.status == "FINISHED"


def test_delete_and_restore_twice_each(client, run_id):
    for _ in range(2):
        client.delete_run(run_id)
        assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    for _ in range(2):
        client.restore_run(run_id)
        assert client.get_run(run_id).info.lifecycle_stage == "active"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"key": "p", "value": "1"}),
        ("runs/set-tag", {"key": "t", "value": "1"}),
        ("runs/delete-tag", {"key": "t"}),
        ("runs/log-batch", {"metrics": [{"key": "m", "value": 1, "timestamp": 1}]}),
        ("runs/log-batch", {"params": [{"key": "p", "value": "1"}]}),
        ("runs/log-batch", {"tags": [{"key": "t", "value": "1"}]}),
        ("runs/update", {"status": "FINISHED"}),
    ],
)
def test_deleted_run_takes_no_writes(api, run_id, path, fields):
    api.post("runs/delete", {"run_id": run_id})
    message = api.refused(path, {"run_id": run_id, **fields})
    assert message == f"The run {run_id} must be in the 'active' state. Current state is deleted."
    data = api.run(run_id)["data"]
    assert "metrics" not in data
    assert "params" not in data


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"key": "p", "value": "1"}),
        ("runs/set-tag", {"key": "t", "value": "1"}),
        ("runs/delete-tag", {"key": "t"}),
        ("runs/log-batch", {"metrics": [{"key": "m", "value": 1, "timestamp": 1}]}),
        ("runs/update", {"status": "FINISHED"}),
        ("runs/delete", {}),
        ("runs/restore", {}),
    ],
)
def test_unknown_run(api, path, fields):
    gone = {"status": 404, "code": "RESOURCE_DOES_NOT_EXIST"}
    message = api.refused(path, {"run_id": UNKNOWN_RUN, **fields}, **gone)
    assert f"Run with id={UNKNOWN_RUN} not found" in message


def test_unknown_run_is_the_clients_exception(client):
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        client.get_run(UNKNOWN_RUN)
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        client.log_metric(UNKNOWN_RUN, "m", 1)


# -- tags ------------------------------------------------------------------------


def test_tags(client, run_id):
    client.set_tag(run_id, "k", "one")
    client.set_tag(run_id, "k", "two")
    client.set_tag(run_id, "number", 3)
    client.set_tag(run_id, "a/b c.d-e:f_g", "any")
    client.set_tag(run_id, "schlüssel", "wért ✓\n\t\"'\\")
    tags = client.get_run(run_id).data.tags
    assert tags["k"] == "two"
    assert tags["number"] == "3"
    assert tags["a/b c.d-e:f_g"] == "any"
    assert tags["schlüssel"] == "wért ✓\n\t\"'\\"
    client.delete_tag(run_id, "k")
    assert "k" not in client.get_run(run_id).data.tags
    with pytest.raises(RestException, match=f"No tag with name: k in run with id {run_id}"):
        client.delete_tag(run_id, "k")


def test_last_of_two_equal_tags_in_a_batch_wins(api, run_id):
    api.log_batch(run_id, tags=[{"key": "k", "value": "1"}, {"key": "k", "value": "2"}])
    assert api.tags(run_id)["k"] == "2"


# -- parameters ------------------------------------------------------------------


def test_params_are_immutable(client, api, run_id):
    client.log_param(run_id, "p", "1")
    client.log_param(run_id, "p", "1")
    conflict = {"run_id": run_id, "key": "p", "value": "2"}
    assert api.refused("runs/log-parameter", conflict) == (
        "Changing param values is not allowed. Param with key='p' was already logged with "
        f"value='1' for run ID='{run_id}'. Attempted logging new value '2'."
    )
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        client.log_param(run_id, "p", "2")
    assert api.params(run_id) == {"p": "1"}


def test_params_are_immutable_in_a_batch(api, run_id):
    api.log_batch(run_id, params=[{"key": "p", "value": "1"}, {"key": "q", "value": "1"}])
    api.log_batch(run_id, params=[{"key": "p", "value": "1"}, {"key": "r", "value": "1"}])
    conflict = {"run_id": run_id, "params": [{"key": "p", "value": "2"}, {"key": "s", "value": "1"}]}
    assert api.refused("runs/log-batch", conflict) == (
        "Changing param values is not allowed. Params were already logged="
        f"'[{{'key': 'p', 'old_value': '1', 'new_value': '2'}}]' for run ID='{run_id}'."
    )
    assert api.params(run_id) == {"p": "1", "q": "1", "r": "1"}


def test_params_of_every_kind(client, run_id):
    values = {"int": 3, "float": 0.1, "none": None, "list": [1, "a"], "empty": "", "ünï": "✓\n"}
    client.log_batch(run_id, params=[Param(k, str(v)) for k, v in values.items()])
    assert client.get_run(run_id).data.params == {k: str(v) for k, v in values.items()}


@pytest.mark.parametrize("key", ["a//b", "a/", "./a", "/a", "..", ".", "../a", "a,b", "a=b", "a\nb", ""])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("runs/log-metric", {"value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"value": "1"}),
        ("runs/set-tag", {"value": "1"}),
    ],
)
def test_keys_that_cannot_be(api, module_run, path, fields, key):
    api.refused(path, {"run_id": module_run, "key": key, **fields})


@pytest.fixture(scope="module")
def module_run(api):
    return api.create_run(api.create_experiment(unique("keys")))


def test_key_length(api, module_run):
    longest, too_long = "k" * 250, "k" * 251
    for path, fields, entity in [
        ("runs/log-metric", {"value": 1, "timestamp": 1}, "Metric name"),
        ("runs/log-parameter", {"value": "1"}, "Param key"),
        ("runs/set-tag", {"value": "1"}, "key"),
    ]:
        api.post(path, {"run_id": module_run, "key": longest, **fields})
        message = api.refused(path, {"run_id": module_run, "key": too_long, **fields})
        assert f"'{entity}' exceeds the maximum length of 250 characters" in message


def test_long_values_are_cut(api, run_id):
    api.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "é" * 6001})
    api.post("runs/set-tag", {"run_id": run_id, "key": "t", "value": "é" * 8001})
    api.log_batch(
        run_id,
        params=[{"key": "p2", "value": "x" * 7000}, {"key": "fits", "value": "x" * 6000}],
        tags=[{"key": "t2", "value": "x" * 9000}, {"key": "fits", "value": "x" * 8000}],
    )
    params, tags = api.params(run_id), api.tags(run_id)
    assert params == {"p": "é" * 6000, "p2": "x" * 6000, "fits": "x" * 6000}
    assert (tags["t"], tags["t2"], tags["fits"]) == ("é" * 8000, "x" * 8000, "x" * 8000)
    # The same too long value again is no conflict: what is compared is what was kept.
    api.log_batch(run_id, params=[{"key": "p2", "value": "x" * 7000}])


def test_experiment_tag_is_refused_rather_than_cut(api, experiment):
    tag = {"experiment_id": experiment, "key": "t"}
    api.refused("experiments/set-experiment-tag", {**tag, "value": "x" * 20001})
    api.post("experiments/set-experiment-tag", {**tag, "value": "x" * 20000})
