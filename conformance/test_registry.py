"""The model registry, as its users reach it: models, versions, stages, aliases, searches and prompts."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from support import unique

GONE = {"status": 404, "code": "RESOURCE_DOES_NOT_EXIST"}


@pytest.fixture
def model(client) -> str:
    """The name of a fresh registered model."""
    return client.create_registered_model(unique("model")).name


def add_versions(client: MlflowClient, name: str, count: int, **fields) -> list[str]:
    return [client.create_model_version(name, f"s3://bucket/{i}", **fields).version for i in range(count)]


def places(versions) -> list[tuple[str, str]]:
    return [(version.name, str(version.version)) for version in versions]


def linear_model():
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])


def predicts(uri: str) -> bool:
    return mlflow.sklearn.load_model(uri).predict([[10.0]]) == pytest.approx([21.0])


# -- from training to loading -----------------------------------------------------


def test_log_model_registers_and_loads_every_way(client, experiment):
    name = unique("model")
    with mlflow.start_run(experiment_id=experiment) as run:
        info = mlflow.sklearn.log_model(
            linear_model(), name="linear", registered_model_name=name, pip_requirements=["scikit-learn"]
        )
    assert str(info.registered_model_version) == "1"
    version = client.get_model_version(name, "1")
    assert version.run_id == run.info.run_id
    assert version.source == f"models:/{info.model_id}"
    assert version.status == "READY"
    logged = client.get_logged_model(info.model_id)
    assert f'"name": "{name}", "version": 1' in logged.tags["mlflow.modelVersions"]
    assert client.get_model_version_download_uri(name, "1") == logged.artifact_location

    client.set_registered_model_alias(name, "champion", "1")
    client.transition_model_version_stage(name, "1", "Production")
    for suffix in ("/1", "@champion", "/Production", "/latest"):
        assert predicts(f"models:/{name}{suffix}")
    assert mlflow.pyfunc.load_model(f"models:/{name}@champion").metadata.run_id == run.info.run_id


def test_register_model_from_a_run_and_copy_it(client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.sklearn.log_model(linear_model(), name="linear", pip_requirements=["scikit-learn"])
    first, second = unique("model"), unique("model")
    version = mlflow.register_model(f"runs:/{run.info.run_id}/linear", first, tags={"made": "by hand"})
    assert (int(version.version), version.tags) == (1, {"made": "by hand"})
    copy = client.copy_model_version(f"models:/{first}/1", second)
    assert copy.run_id == run.info.run_id
    assert copy.source == f"models:/{first}/1"
    assert copy.tags == {"made": "by hand"}
    assert predicts(f"models:/{second}/1")
    client.delete_registered_model(first)
    assert predicts(f"models:/{second}/1")


# -- models -----------------------------------------------------------------------


def test_model_life(client):
    name = unique("model")
    created = client.create_registered_model(name, tags={"team": "a"}, description="first")
    assert (created.name, created.tags, created.description) == (name, {"team": "a"}, "first")
    with pytest.raises(RestException, match=r"RESOURCE_ALREADY_EXISTS: Registered Model \(name=.*\) already exists"):
        client.create_registered_model(name)
    assert client.update_registered_model(name, "second").description == "second"
    client.set_registered_model_tag(name, "team", "b")
    client.set_registered_model_tag(name, "owner", "c")
    client.delete_registered_model_tag(name, "team")
    assert client.get_registered_model(name).tags == {"owner": "c"}
    client.delete_registered_model(name)
    with pytest.raises(RestException, match="RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(name)


def test_rename_takes_everything_along(client, model):
    add_versions(client, model, 2, tags={"t": "1"})
    client.set_registered_model_alias(model, "champion", "2")
    renamed = unique("renamed")
    client.rename_registered_model(model, renamed)
    assert client.get_model_version_by_alias(renamed, "champion").version == "2"
    assert client.get_model_version(renamed, "1").tags == {"t": "1"}
    assert places(client.search_model_versions(f"name = '{renamed}'")) == [(renamed, "2"), (renamed, "1")]
    assert client.search_model_versions(f"name = '{model}'") == []
    taken = client.create_registered_model(unique("model")).name
    with pytest.raises(RestException, match="RESOURCE_ALREADY_EXISTS"):
        client.rename_registered_model(renamed, taken)


# -- versions ---------------------------------------------------------------------


def test_version_life(client, model):
    created = client.create_model_version(
        model, "s3://bucket/m", tags={"t": "1"}, run_link="https://ci/1", description="first"
    )
    assert (str(created.version), created.current_stage, created.run_link) == ("1", "None", "https://ci/1")
    assert client.update_model_version(model, "1", "second").description == "second"
    client.set_model_version_tag(model, "1", "u", "2")
    client.delete_model_version_tag(model, "1", "t")
    assert client.get_model_version(model, "1").tags == {"u": "2"}
    client.delete_model_version(model, "1")
    with pytest.raises(RestException, match=rf"Model Version \(name={model}, version=1\) not found"):
        client.get_model_version(model, "1")
    assert [str(v) for v in add_versions(client, model, 1)] == ["2"]


def test_deleting_the_newest_version_frees_no_number(client, model):
    add_versions(client, model, 3)
    client.delete_model_version(model, "3")
    assert [str(v) for v in add_versions(client, model, 1)] == ["4"]


def test_stages_and_archiving(client, model):
    add_versions(client, model, 3)
    for version in ("1", "2"):
        client.transition_model_version_stage(model, version, "production")
    assert [str(v.version) for v in client.get_latest_versions(model, ["Production"])] == ["2"]
    client.transition_model_version_stage(model, "3", "Production", archive_existing_versions=True)
    stages = [client.get_model_version(model, str(v)).current_stage for v in (1, 2, 3)]
    assert stages == ["Archived", "Archived", "Production"]
    latest = {v.current_stage: str(v.version) for v in client.get_latest_versions(model)}
    assert latest == {"Archived": "2", "Production": "3"}
    assert {str(v.version) for v in client.get_registered_model(model).latest_versions} == {"2", "3"}


def test_aliases_move_and_go(client, model):
    add_versions(client, model, 2)
    client.set_registered_model_alias(model, "champion", "1")
    client.set_registered_model_alias(model, "champion", "2")
    assert client.get_registered_model(model).aliases == {"champion": "2"}
    assert client.get_model_version(model, "2").aliases == ["champion"]
    client.delete_model_version(model, "2")
    assert client.get_registered_model(model).aliases == {}
    with pytest.raises(MlflowException, match="Registered model alias champion not found"):
        client.get_model_version_by_alias(model, "champion")
    with pytest.raises(MlflowException, match="reserved"):
        client.set_registered_model_alias(model, "latest", "1")


def test_versions_only_from_what_the_caller_names(api, model, run_id, experiment):
    inside = f"mlflow-artifacts:/{experiment}/{run_id}/artifacts/model"
    create = "model-versions/create"
    api.post(create, {"name": model, "source": inside, "run_id": run_id})
    for body in (
        {"source": inside},
        {"source": inside, "run_id": "other"},
        {"source": f"mlflow-artifacts:/{experiment}/other/artifacts/model", "run_id": run_id},
        {"source": f"mlflow-artifacts:/{experiment}/{run_id}/artifacts/%2e%2e/x", "run_id": run_id},
        {"source": "/etc/passwd"},
        {"source": "http://host/model"},
        {"source": "s3://bucket/../x"},
        {"source": "models:/m-unknown"},
    ):
        api.refused(create, {"name": model, **body})
    api.refused(create, {"name": model, "source": "models:/nobody/1"}, **GONE)


# -- searches ---------------------------------------------------------------------


def test_search_registered_models(client):
    prefix = unique("search")
    for name, tag in (("b", "1"), ("a", "2"), ("C", "1")):
        client.create_registered_model(f"{prefix}-{name}", tags={"t": tag})

    def found(filter_string, **fields):
        return [m.name.removeprefix(f"{prefix}-") for m in client.search_registered_models(filter_string, **fields)]

    ours = f"name LIKE '{prefix}%'"
    assert found(ours) == ["C", "a", "b"]
    assert found(ours, order_by=["name DESC"]) == ["b", "a", "C"]
    assert found(f"{ours} AND tags.t = '1'") == ["C", "b"]
    assert found(f"{ours} AND tags.t != '1'") == ["a"]
    assert found(f"name ILIKE '{prefix}-c'") == ["C"]
    assert found(f"name IN ('{prefix}-a', '{prefix}-b')") == ["a", "b"]
    first = client.search_registered_models(ours, max_results=2)
    assert len(first) == 2
    assert first.token
    second = client.search_registered_models(ours, max_results=2, page_token=first.token)
    assert ([m.name for m in second], second.token or None) == ([f"{prefix}-b"], None)
    with pytest.raises(RestException, match="Invalid attribute key 'foo'"):
        client.search_registered_models("foo = 'a'")


def test_search_model_versions(client, model):
    for i in range(1, 5):
        client.create_model_version(model, f"s3://bucket/{i}", run_id=f"run{i % 2}", tags={"t": str(i)})
    other = client.create_registered_model(unique("model")).name
    add_versions(client, other, 1, run_id="run1")

    def found(filter_string, **fields):
        return [int(v.version) for v in client.search_model_versions(f"name = '{model}'{filter_string}", **fields)]

    assert found("") == [4, 3, 2, 1]
    assert found("", order_by=["version_number ASC"]) == [1, 2, 3, 4]
    assert found(" AND run_id = 'run1'") == [3, 1]
    assert found(" AND run_id IN ('run0', 'run9')") == [4, 2]
    assert found(" AND tags.t = '3'") == [3]
    assert found(" AND version_number > 2", order_by=["creation_timestamp DESC"]) == [4, 3]
    assert found(" AND source_path LIKE '%/2'") == [2]
    both = client.search_model_versions(f"name IN ('{model}', '{other}')", order_by=["name DESC"])
    assert {v.name for v in both} == {model, other}
    pages, token = [], None
    while True:
        page = client.search_model_versions(f"name = '{model}'", max_results=3, page_token=token)
        pages.append([int(v.version) for v in page])
        token = page.token
        if not token:
            break
    assert pages == [[4, 3, 2], [1]]


# -- prompts ----------------------------------------------------------------------


def test_prompts(client):
    name = unique("prompt")
    first = mlflow.genai.register_prompt(name, "Hello {{name}}", commit_message="first", tags={"lang": "en"})
    second = mlflow.genai.register_prompt(name, [{"role": "user", "content": "Hi {{name}}"}])
    assert (int(first.version), int(second.version)) == (1, 2)
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}/1")
    assert loaded.format(name="World") == "Hello World"
    assert (loaded.commit_message, loaded.tags["lang"]) == ("first", "en")
    mlflow.genai.set_prompt_alias(name, alias="production", version=1)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@production").version == 1
    mlflow.genai.delete_prompt_alias(name, alias="production")
    assert mlflow.genai.load_prompt("prompts:/nobody/1", allow_missing=True) is None
    client.set_prompt_tag(name, "team", "a")
    assert client.get_prompt(name).tags["team"] == "a"
    assert {int(p.version) for p in client.search_prompt_versions(name)} == {1, 2}


def test_prompts_and_models_hide_from_each_other(api, client, model):
    name = unique("prompt")
    mlflow.genai.register_prompt(name, "Hello")
    assert name in {p.name for p in mlflow.genai.search_prompts(f"name = '{name}'")}
    assert client.search_registered_models(f"name = '{name}'") == []
    assert client.search_model_versions(f"name = '{name}'") == []
    assert model not in {p.name for p in mlflow.genai.search_prompts(f"name = '{model}'")}
    with pytest.raises(MlflowException, match="already taken by a prompt"):
        client.create_registered_model(name)
    message = api.refused("model-versions/create", {"name": model, "source": f"models:/{name}/1"})
    assert "Prompt versions cannot be used as model version sources" in message
