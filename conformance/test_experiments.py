"""Experiments: their life from creation to restoration, and how they are found."""

import mlflow
import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException, RestException

from support import encode_page_token, unique

UNKNOWN_ID = "999999999"


def names(experiments) -> list[str]:
    return [experiment.name for experiment in experiments]


def test_default_experiment_is_there_from_the_start(client):
    default = client.get_experiment("0")
    assert default.name == "Default"
    assert default.lifecycle_stage == "active"
    assert client.get_experiment_by_name("Default").experiment_id == "0"


def test_create_and_get(client):
    name = unique("exp")
    experiment_id = client.create_experiment(name, tags={"team": "vision", "empty": ""})
    assert experiment_id.isdecimal()
    for found in (client.get_experiment(experiment_id), client.get_experiment_by_name(name)):
        assert found.experiment_id == experiment_id
        assert found.name == name
        assert found.lifecycle_stage == "active"
        assert found.artifact_location == f"mlflow-artifacts:/{experiment_id}"
        assert found.creation_time == found.last_update_time > 0
        assert found.tags == {"team": "vision", "empty": ""}


def test_unicode_names(client):
    name = unique("实验 é ✓ / #1 & 'q' % +")
    experiment_id = client.create_experiment(name)
    assert client.get_experiment_by_name(name).experiment_id == experiment_id
    assert names(client.search_experiments(filter_string=f"experiment_id = '{experiment_id}'")) == [name]


def test_artifact_location_is_kept(client):
    experiment_id = client.create_experiment(unique("exp"), artifact_location="s3://bucket/some/where")
    assert client.get_experiment(experiment_id).artifact_location == "s3://bucket/some/where"
    run = client.create_run(experiment_id)
    assert run.info.artifact_uri == f"s3://bucket/some/where/{run.info.run_id}/artifacts"


def test_name_is_taken_even_by_a_deleted_experiment(api):
    name = unique("exp")
    experiment_id = api.create_experiment(name)
    message = api.refused("experiments/create", {"name": name}, code="RESOURCE_ALREADY_EXISTS")
    assert message.startswith(f"Experiment(name={name}) already exists.")
    api.post("experiments/delete", {"experiment_id": experiment_id})
    found = api.get("experiments/get-by-name", experiment_name=name)["experiment"]
    assert found["lifecycle_stage"] == "deleted"
    api.refused("experiments/create", {"name": name}, code="RESOURCE_ALREADY_EXISTS")


def test_set_experiment_refuses_a_deleted_one(client):
    name = unique("exp")
    client.delete_experiment(client.create_experiment(name))
    with pytest.raises(MlflowException, match="Cannot set a deleted experiment"):
        mlflow.set_experiment(name)


def test_rename(client):
    experiment_id = client.create_experiment(unique("exp"))
    before = client.get_experiment(experiment_id)
    renamed = unique("renamed")
    client.rename_experiment(experiment_id, renamed)
    after = client.get_experiment(experiment_id)
    assert after.name == renamed
    assert after.last_update_time >= before.last_update_time
    assert client.get_experiment_by_name(before.name) is None


def test_rename_to_a_taken_name(api, experiment):
    other = unique("exp")
    api.create_experiment(other)
    api.refused("experiments/update", {"experiment_id": experiment, "new_name": other}, code=None)
    api.refused("experiments/update", {"experiment_id": experiment})


def test_delete_and_restore_take_the_runs_along(client, experiment):
    run = client.create_run(experiment)
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"


def test_delete_and_restore_need_the_other_state(api, experiment):
    gone = {"status": 404, "code": "RESOURCE_DOES_NOT_EXIST"}
    api.refused("experiments/restore", {"experiment_id": experiment}, **gone)
    api.post("experiments/delete", {"experiment_id": experiment})
    api.refused("experiments/delete", {"experiment_id": experiment}, **gone)


def test_deleted_experiment_takes_no_writes(api, experiment):
    api.post("experiments/delete", {"experiment_id": experiment})
    state = f"The experiment {experiment} must be in the 'active' state. Current state is deleted."
    tag = {"experiment_id": experiment, "key": "k", "value": "v"}
    assert api.refused("experiments/set-experiment-tag", tag) == state
    assert api.refused("runs/create", {"experiment_id": experiment}) == state


@pytest.mark.ours_only
def test_renaming_a_deleted_experiment_is_the_callers_mistake(api, experiment):
    api.post("experiments/delete", {"experiment_id": experiment})
    rename = {"experiment_id": experiment, "new_name": unique("exp")}
    message = api.refused("experiments/update", rename, code=None)
    assert "Cannot rename a non-active experiment" in message


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "experiments/get"),
        ("POST", "experiments/delete"),
        ("POST", "experiments/restore"),
        ("POST", "runs/create"),
    ],
)
def test_unknown_experiment(api, method, path):
    fields = {"experiment_id": UNKNOWN_ID}
    kwargs = {"params": fields} if method == "GET" else {"json": fields}
    gone = {"method": method, "status": 404, "code": "RESOURCE_DOES_NOT_EXIST"}
    assert f"No Experiment with id={UNKNOWN_ID} exists" in api.refused(path, **gone, **kwargs)


def test_ids_and_names_that_cannot_be(api, client):
    message = api.refused("experiments/get", method="GET", params={"experiment_id": "abc"})
    assert message.startswith("Invalid experiment ID 'abc'.")
    assert client.get_experiment_by_name(unique("nobody")) is None
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        client.get_experiment(UNKNOWN_ID)
    for body in ({}, {"name": ""}, {"name": None}):
        message = api.refused("experiments/create", body)
        assert message.startswith("Missing value for required parameter 'name'.")
    api.refused("experiments/create", {"name": "x" * 501})
    api.post("experiments/create", {"name": unique("x").ljust(500, "x")})


def test_tags(client, experiment):
    client.set_experiment_tag(experiment, "k", "one")
    client.set_experiment_tag(experiment, "k", "two")
    client.set_experiment_tag(experiment, "mlflow.note.content", "# Notes\n\nü")
    assert client.get_experiment(experiment).tags == {"k": "two", "mlflow.note.content": "# Notes\n\nü"}
    client.delete_experiment_tag(experiment, "k")
    assert "k" not in client.get_experiment(experiment).tags
    with pytest.raises(RestException, match=f"No tag with name: k in experiment with id {experiment}"):
        client.delete_experiment_tag(experiment, "k")


# -- search ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def family(client):
    """Five experiments of one prefix, the last of them deleted; their shared prefix."""
    prefix = unique("family")
    for index in range(5):
        tags = {"kind": "even" if index % 2 == 0 else "odd"} if index else {}
        created = client.create_experiment(f"{prefix}-{index}", tags=tags)
    client.delete_experiment(created)
    return prefix


def search(client, prefix, extra="", **kwargs):
    clause = f"name LIKE '{prefix}-%'" + (f" AND {extra}" if extra else "")
    return [n[-1] for n in names(client.search_experiments(filter_string=clause, **kwargs))]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (ViewType.ACTIVE_ONLY, "0123"),
        (ViewType.DELETED_ONLY, "4"),
        (ViewType.ALL, "01234"),
    ],
)
def test_search_by_view(client, family, view, expected):
    assert sorted(search(client, family, view_type=view)) == list(expected)


def test_search_orders(client, family):
    assert search(client, family, order_by=["name DESC"]) == ["3", "2", "1", "0"]
    assert search(client, family, order_by=["name"]) == ["0", "1", "2", "3"]
    assert search(client, family, order_by=["creation_time ASC", "name ASC"]) == ["0", "1", "2", "3"]
    assert search(client, family, order_by=["experiment_id ASC"]) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("tags.kind = 'even'", "2"),
        ("tags.kind != 'even'", "13"),
        ("tag.kind LIKE 'o%'", "13"),
        ("tags.kind ILIKE 'E%'", "2"),
        ("creation_time > 0", "0123"),
        ("creation_time < 1", ""),
        ("attribute.name ILIKE '%-2'", "2"),
        ("tags.kind IS NULL", "0"),
        ("tags.kind IS NOT NULL", "123"),
    ],
)
def test_search_filters(client, family, clause, expected):
    assert sorted(search(client, family, clause)) == list(expected)


def test_search_by_exact_name_and_ids(client, family):
    first = client.search_experiments(filter_string=f"name = '{family}-0'")
    assert names(first) == [f"{family}-0"]
    second = client.get_experiment_by_name(f"{family}-1")
    ids = f"('{first[0].experiment_id}', '{second.experiment_id}')"
    found = client.search_experiments(filter_string=f"experiment_id IN {ids}", order_by=["name"])
    assert names(found) == [f"{family}-0", f"{family}-1"]


def test_search_pages(client, family):
    clause = f"name LIKE '{family}-%'"
    seen, token, pages = [], None, 0
    while token or not pages:
        page = client.search_experiments(
            filter_string=clause, max_results=3, order_by=["name"], page_token=token
        )
        seen += [n[-1] for n in names(page)]
        token = page.token
        pages += 1
    assert seen == ["0", "1", "2", "3"]
    assert pages == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"max_results": 0},
        {"max_results": -1},
        {"max_results": 50001},
        {"max_results": 5, "page_token": "not a token"},
        {"max_results": 5, "page_token": encode_page_token({"offset": "x"})},
        {"max_results": 5, "filter": "nonsense"},
        {"max_results": 5, "filter": "metrics.a > 1"},
        {"max_results": 5, "filter": "name > 'a'"},
        {"max_results": 5, "filter": "creation_time = 'yesterday'"},
        {"max_results": 5, "filter": "name = 'a' OR"},
        {"max_results": 5, "order_by": ["tags.a"]},
        {"max_results": 5, "order_by": ["name SIDEWAYS"]},
    ],
)
def test_search_refuses(api, fields):
    api.refused("experiments/search", fields)
