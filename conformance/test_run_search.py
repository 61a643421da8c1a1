"""Searching runs: what the filter and order grammar promises, views and paging."""

import math

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType

from support import encode_page_token, unique


def named(runs) -> list[str]:
    return [run.info.run_name for run in runs]


@pytest.fixture(scope="module")
def zoo(client, api):
    """An experiment of five runs, a to e, of which e is deleted."""
    experiment = api.create_experiment(unique("zoo"))
    rows = {
        "a": (1.0, "adam", {"team": "Vision", "only a": "yes"}, "FINISHED"),
        "b": (-2.5, "sgd", {"team": "text"}, "FAILED"),
        "c": (math.nan, "Adam", {"team": "vision-2"}, "RUNNING"),
        "d": (None, None, {}, "KILLED"),
        "e": (9.0, "adam", {"team": "vision"}, "FINISHED"),
    }
    for index, (name, (loss, optimizer, tags, status)) in enumerate(rows.items()):
        run = client.create_run(experiment, run_name=name, start_time=1000 + index)
        metrics = [] if loss is None else [Metric("loss", loss, 1, 0), Metric("f1/macro avg", index, 1, 0)]
        client.log_batch(
            run.info.run_id,
            metrics=metrics,
            params=[Param("optimizer", optimizer)] if optimizer else [],
            tags=[RunTag(k, v) for k, v in tags.items()],
        )
        client.update_run(run.info.run_id, status=status)
        if status == "FINISHED":
            client.set_terminated(run.info.run_id, status, end_time=2000 + index)
        if name == "e":
            client.delete_run(run.info.run_id)
    return experiment


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("", "dcba"),
        ("metrics.loss > 0", "a"),
        ("metrics.loss <= -2.5", "b"),
        ("metric.loss = 1", "a"),
        ("metrics.loss != 1 and metrics.loss < 1e5", "b"),
        ("metrics.`f1/macro avg` >= 1", "cb"),
        ('metrics."f1/macro avg" = 0', "a"),
        ("params.optimizer = 'adam'", "a"),
        ('param.optimizer = "adam"', "a"),
        ("parameters.optimizer = 'sgd'", "b"),
        ("params.optimizer != 'adam'", "cb"),
        ("params.optimizer LIKE 'a%'", "a"),
        ("params.optimizer ilike 'A%'", "ca"),
        ("tags.team = 'Vision'", "a"),
        ("tags.team ILIKE 'vision%'", "ca"),
        ("tags.team LIKE '%-_'", "c"),
        ("tag.`only a` = 'yes'", "a"),
        ("tags.team IS NULL", "d"),
        ("tags.team is not null", "cba"),
        ("params.optimizer IS NULL", "d"),
        ("status = 'FINISHED'", "a"),
        ("attributes.status != 'FINISHED'", "dcb"),
        ("run_name = 'b'", "b"),
        ("attributes.run_name LIKE '%'", "dcba"),
        ("`run name` = 'b'", "b"),
        ("start_time > 1001", "dc"),
        ("attributes.start_time <= 1000", "a"),
        ("end_time >= 2000", "a"),
        ("params.optimizer = 'adam' AND metrics.loss > 0 and tags.team = 'Vision'", "a"),
        ("params.optimizer = 'adam' AND metrics.loss > 1", ""),
        ("params.nobody = 'x'", ""),
    ],
)
def test_filters(client, zoo, clause, expected):
    assert named(client.search_runs([zoo], clause)) == list(expected)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], "dcba"),
        (["start_time ASC"], "abcd"),
        (["attributes.start_time DESC"], "dcba"),
        (["metrics.loss ASC"], "bacd"),
        (["metrics.loss DESC"], "abcd"),
        (["metrics.`f1/macro avg` DESC"], "cbad"),
        (["params.optimizer"], "cabd"),
        (["params.optimizer DESC"], "bacd"),
        (["tags.team ASC", "start_time ASC"], "abcd"),
        (["status", "run_name"], "badc"),
        (["attributes.run_name DESC"], "dcba"),
        (["end_time DESC", "start_time ASC"], "abcd"),
    ],
)
def test_orders(client, zoo, order, expected):
    assert named(client.search_runs([zoo], order_by=order)) == list(expected)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (ViewType.ACTIVE_ONLY, "dcba"),
        (ViewType.DELETED_ONLY, "e"),
        (ViewType.ALL, "edcba"),
    ],
)
def test_views(client, zoo, view, expected):
    assert named(client.search_runs([zoo], run_view_type=view)) == list(expected)


def test_several_and_unknown_experiments(client, api, zoo):
    other = api.create_experiment()
    api.create_run(other, run_name="else", start_time=5)
    assert named(client.search_runs([zoo, other, "999999999"])) == [*"dcba", "else"]
    assert named(client.search_runs(["999999999"])) == []
    assert api.post("runs/search", {"experiment_ids": []}) == {}
    assert api.post("runs/search", {}) == {}


def test_results_carry_everything(client, zoo):
    run = client.search_runs([zoo], "run_name = 'a'")[0]
    assert run.data.metrics == {"loss": 1.0, "f1/macro avg": 0.0}
    assert run.data.params == {"optimizer": "adam"}
    assert run.data.tags == {"team": "Vision", "only a": "yes", "mlflow.runName": "a"}
    assert run.to_dictionary() == client.get_run(run.info.run_id).to_dictionary()


def test_search_by_run_ids(client, zoo):
    ids = {run.info.run_name: run.info.run_id for run in client.search_runs([zoo])}
    assert named(client.search_runs([zoo], f"run_id = '{ids['b']}'")) == ["b"]
    both = f"attributes.run_id IN ('{ids['a']}', '{ids['c']}')"
    assert named(client.search_runs([zoo], both)) == ["c", "a"]


@pytest.mark.parametrize("order", [["start_time ASC"], ["metrics.m DESC"], ["params.p ASC"], None])
def test_pages(client, many_runs, order):
    whole = [run.info.run_id for run in client.search_runs([many_runs], order_by=order)]
    paged, token, sizes = [], None, []
    while token or not sizes:
        page = client.search_runs([many_runs], order_by=order, max_results=4, page_token=token)
        paged += [run.info.run_id for run in page]
        sizes.append(len(page))
        token = page.token
    assert paged == whole
    assert sizes == [4, 4, 4]


@pytest.fixture(scope="module")
def many_runs(client, api):
    """Twelve runs with ties in everything that they may be ordered by."""
    experiment = api.create_experiment(unique("many"))
    for index in range(12):
        run = client.create_run(experiment, start_time=index % 3)
        if index % 4:
            client.log_batch(
                run.info.run_id,
                metrics=[Metric("m", index % 2, 1, 0)],
                params=[Param("p", str(index % 2))],
            )
    return experiment


def test_ties_are_ordered_by_run_id(client, many_runs):
    runs = client.search_runs([many_runs], order_by=["start_time DESC"])
    keys = [(-run.info.start_time, run.info.run_id) for run in runs]
    assert keys == sorted(keys)


def test_writes_are_seen_by_the_search_that_follows(client, experiment):
    runs = [client.create_run(experiment).info.run_id for _ in range(3)]
    for value in range(6):
        run_id = runs[value % 3]
        client.log_metric(run_id, "m", value, step=value)
        found = client.search_runs([experiment], f"metrics.m = {value}")
        assert [run.info.run_id for run in found] == [run_id]
        first = client.search_runs([experiment], order_by=["metrics.m DESC"])[0]
        assert first.info.run_id == run_id
        assert first.data.metrics == {"m": float(value)}


def test_fluent_search_all_and_by_name(zoo, client):
    name = client.get_experiment(zoo).name
    found = mlflow.search_runs(experiment_names=[name], output_format="list")
    assert named(found) == list("dcba")


@pytest.mark.parametrize(
    "fields",
    [
        {"filter": "metrics.loss > 'a'"},
        {"filter": "metrics.loss LIKE 'a'"},
        {"filter": "params.optimizer = adam"},
        {"filter": "params.optimizer > 'a'"},
        {"filter": "params.optimizer = 1"},
        {"filter": "nonsense"},
        {"filter": "weird.key = 'x'"},
        {"filter": "attributes.nobody = 'x'"},
        {"filter": "params.a == 'x'"},
        {"filter": "params.a IN ('x', 'y')"},
        {"filter": "status IN ('FAILED', 'KILLED')"},
        {"filter": "run_id IN ()"},
        {"filter": "params.a = 'x'; params.b = 'y'"},
        {"filter": "start_time > 'soon'"},
        {"order_by": ["metrics.loss SIDEWAYS"]},
        {"order_by": ["nonsense.key"]},
        {"max_results": 0},
        {"max_results": -5},
        {"max_results": 50001},
        {"page_token": "%%%"},
        {"page_token": encode_page_token({"offset": "x"})},
    ],
)
def test_refused(api, zoo, fields):
    api.refused("runs/search", {"experiment_ids": [zoo], **fields})


@pytest.mark.ours_only
@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("params.optimizer = 'sgd' OR metrics.loss = 1", "ba"),
        ("NOT params.optimizer = 'sgd'", "dca"),
        ("status = 'KILLED' OR (tags.team ILIKE 'v%' AND NOT metrics.loss > 0)", "dc"),
    ],
)
def test_or_not_and_parentheses(client, zoo, clause, expected):
    assert named(client.search_runs([zoo], clause)) == list(expected)


@pytest.mark.ours_only
def test_a_repeated_order_key_is_the_callers_mistake(api, zoo):
    order = ["metrics.loss ASC", "metrics.loss DESC"]
    body = {"experiment_ids": [zoo], "order_by": order}
    assert "duplicate fields" in api.refused("runs/search", body, code=None)
