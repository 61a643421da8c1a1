"""What MLflow's page asks in GraphQL."""

import pytest

from support import unique

RUN = """query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
  mlflowGetRun(input: $data) {
    apiError { code message }
    run {
      info { runName status runUuid experimentId artifactUri endTime lifecycleStage startTime userId __typename }
      experiment { experimentId name tags { key value } artifactLocation lifecycleStage }
      modelVersions { name version }
      data { metrics { key value step timestamp } params { key value } tags { key value } }
      inputs { datasetInputs { dataset { digest name profile schema source sourceType } tags { key value } } }
      outputs { modelOutputs { modelId step } }
    }
  }
}"""

EXPERIMENT = """query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) {
  mlflowGetExperiment(input: $input) {
    apiError { code }
    experiment { artifactLocation effectiveTraceArchivalRetention experimentId lifecycleStage name tags { key value } }
  }
}"""


@pytest.fixture
def ask(api):
    def send(query, operation=None, **variables):
        body = {"query": query, "variables": variables, "operationName": operation}
        answer = api.post("/graphql", body)
        assert set(answer) == {"data", "errors"}
        return answer["data"], answer["errors"]

    return send


def test_a_run(api, ask, experiment):
    run_id = api.create_run(experiment, run_name="one", start_time=5)
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    api.post("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": []}]})
    metrics = [{"key": k, "value": v, "timestamp": 7, "step": -1} for k, v in (("nan", "NaN"), ("x", 1.5))]
    api.log_batch(run_id, metrics=metrics, params=[{"key": "p", "value": "1"}])
    data, errors = ask(RUN, "GetRun", data={"runId": run_id})
    assert errors is None
    run = data["mlflowGetRun"]["run"]
    assert data["mlflowGetRun"]["apiError"] is None
    assert run["info"] == {
        "runName": "one",
        "status": "RUNNING",
        "runUuid": run_id,
        "experimentId": experiment,
        "artifactUri": api.run(run_id)["info"]["artifact_uri"],
        "endTime": "0",
        "lifecycleStage": "active",
        "startTime": "5",
        "userId": "",
        "__typename": "MlflowRunInfo",
    }
    assert run["experiment"]["experimentId"] == experiment
    assert run["experiment"]["tags"] == run["modelVersions"] == run["outputs"]["modelOutputs"] == []
    assert sorted(run["data"]["metrics"], key=lambda each: each["key"]) == [
        {"key": "nan", "value": None, "step": "-1", "timestamp": "7"},
        {"key": "x", "value": 1.5, "step": "-1", "timestamp": "7"},
    ]
    assert run["data"]["params"] == [{"key": "p", "value": "1"}]
    (used,) = run["inputs"]["datasetInputs"]
    assert used["dataset"] == {
        "digest": "1", "name": "d", "profile": "", "schema": "", "source": "s", "sourceType": "local",
    }


def test_model_versions_of_a_run(api, ask, run_id):
    name = unique("model")
    api.post("registered-models/create", {"name": name})
    source = api.run(run_id)["info"]["artifact_uri"] + "/model"
    api.post("model-versions/create", {"name": name, "source": source, "run_id": run_id})
    data, errors = ask(RUN, data={"runId": run_id})
    assert (data["mlflowGetRun"]["run"]["modelVersions"], errors) == ([{"name": name, "version": "1"}], None)


def test_an_experiment(api, ask, experiment):
    api.post("experiments/set-experiment-tag", {"experiment_id": experiment, "key": "a", "value": "b"})
    data, errors = ask(EXPERIMENT, input={"experimentId": experiment})
    assert errors is None
    found = data["mlflowGetExperiment"]["experiment"]
    stored = api.get("experiments/get", experiment_id=experiment)["experiment"]
    assert (found["name"], found["artifactLocation"]) == (stored["name"], stored["artifact_location"])
    assert (found["tags"], found["effectiveTraceArchivalRetention"]) == ([{"key": "a", "value": "b"}], "")


def test_what_fails_is_null_and_says_why(ask):
    unknown = "f" * 32
    data, errors = ask(RUN, data={"runId": unknown})
    assert (data, errors) == ({"mlflowGetRun": None}, [f"Run with id={unknown} not found"])
    data, errors = ask(EXPERIMENT, input={"experimentId": "abc"})
    assert data == {"mlflowGetExperiment": None}
    assert "must be a valid integer" in errors[0]
    for query in ("{ nope }", RUN, "query A { __typename } query B { __typename }"):
        data, errors = ask(query)
        assert data is None
        assert len(errors) == 1


def test_limits(ask):
    fields = " ".join(f'a{i}: test(inputString: "x") {{ output }}' for i in range(10))
    assert ask(f"{{ {fields} }}")[1] is None
    data, (error,) = ask(f'{{ {fields} b: test(inputString: "x") {{ output }} }}')
    assert (data, "at most 10 root fields" in error) == (None, True)


@pytest.mark.ours_only
def test_no_graphql_is_the_callers_mistake(api):
    for body in ({}, {"query": "{"}, {"query": 5}, {"query": "{ a }", "variables": "x"}):
        api.refused("/graphql", body)
