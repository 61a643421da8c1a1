"""Metrics: what is stored, which value is the latest, and the order of history."""

import math
import random
import threading

import mlflow
import pytest
from mlflow.entities import Metric

from support import now_ms

HUGE_STEP = 2**53 - 1


def history_of(client, run_id, key):
    return [(m.timestamp, m.step, m.value) for m in client.get_metric_history(run_id, key)]


def latest_of(client, run_id, key):
    return client.get_run(run_id).data.metrics[key]


def test_one_metric_on_the_wire(api, run_id):
    api.post("runs/log-metric", {"run_id": run_id, "key": "m", "value": 0.1, "timestamp": 7, "step": 3})
    assert api.history(run_id, "m") == [{"key": "m", "value": 0.1, "timestamp": 7, "step": 3}]
    assert api.metric(run_id, "m") == {"key": "m", "value": 0.1, "timestamp": 7, "step": 3}


def test_step_is_zero_unless_given(api, run_id):
    api.post("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
    assert api.metric(run_id, "m")["step"] == 0


@pytest.mark.parametrize(
    "value",
    [0.0, 0.1 + 0.2, -1e-320, 5e-324, 1.7976931348623157e308, 2.0**53, -1 / 3, 123456789.123456789],
)
def test_doubles_come_back_bit_for_bit(client, run_id, value):
    client.log_metric(run_id, "m", value, timestamp=1)
    assert latest_of(client, run_id, "m") == value
    assert history_of(client, run_id, "m") == [(1, 0, value)]


def test_nan_and_infinities(client, api, run_id):
    for step, value in enumerate([math.nan, math.inf, -math.inf]):
        client.log_metric(run_id, "m", value, timestamp=1, step=step)
        client.log_metric(run_id, f"m{step}", value, timestamp=1)
    values = [value for _, _, value in history_of(client, run_id, "m")]
    assert math.isnan(values[0])
    assert values[1] >= 1.7976931348623157e308
    assert values[2] <= -1.7976931348623157e308
    metrics = client.get_run(run_id).data.metrics
    assert math.isnan(metrics["m0"])
    assert metrics["m1"] > 1e308
    assert metrics["m2"] < -1e308
    assert api.metric(run_id, "m0")["value"] == "NaN"


def test_steps_may_be_negative_and_huge(client, run_id):
    for step in (HUGE_STEP, -HUGE_STEP, 0, -1):
        client.log_metric(run_id, "m", step % 7, timestamp=5, step=step)
    steps = [step for _, step, _ in history_of(client, run_id, "m")]
    assert steps == [-HUGE_STEP, -1, 0, HUGE_STEP]
    assert latest_of(client, run_id, "m") == HUGE_STEP % 7


def test_history_is_ordered_by_time_then_step_then_value(client, run_id):
    rows = [(t, s, float(v)) for t in (1, 2, 3) for s in (-1, 0, 5) for v in (1, 2)]
    shuffled = random.Random(7).sample(rows, len(rows))
    client.log_batch(run_id, [Metric("m", v, t, s) for t, s, v in shuffled])
    assert history_of(client, run_id, "m") == rows


def test_repeats_are_kept_once(client, run_id):
    point = Metric("m", 1.5, 10, 1)
    for _ in range(3):
        client.log_batch(run_id, [point, point])
        client.log_metric(run_id, "m", 1.5, timestamp=10, step=1)
        client.log_metric(run_id, "nan", math.nan, timestamp=10, step=1)
    assert history_of(client, run_id, "m") == [(10, 1, 1.5)]
    assert len(history_of(client, run_id, "nan")) == 1


def test_same_step_another_value_is_another_point(client, run_id):
    client.log_metric(run_id, "m", 1, timestamp=10, step=1)
    client.log_metric(run_id, "m", 2, timestamp=10, step=1)
    client.log_metric(run_id, "m", 1, timestamp=11, step=1)
    assert history_of(client, run_id, "m") == [(10, 1, 1.0), (10, 1, 2.0), (11, 1, 1.0)]


@pytest.mark.parametrize(
    ("points", "latest"),
    [
        ([(1, 5, 1.0), (9, 4, 2.0)], 1.0),  # the larger step wins, whenever it was measured
        ([(1, 5, 1.0), (2, 5, 2.0)], 2.0),  # then the later time
        ([(1, 5, 3.0), (1, 5, 2.0)], 3.0),  # then the larger value
        ([(1, -5, 3.0), (1, -6, 4.0)], 3.0),
        ([(1, 0, math.nan), (1, 0, 5.0)], 5.0),  # NaN ranks as zero
        ([(1, 0, -5.0), (1, 0, math.nan)], math.nan),
        ([(1, 0, 5.0), (1, 0, math.nan)], 5.0),
        ([(1, 0, -math.inf), (1, 1, 0.5)], 0.5),
    ],
)
@pytest.mark.parametrize("how", ["one by one", "reversed", "a batch", "a reversed batch"])
def test_latest_does_not_depend_on_arrival(client, run_id, points, latest, how):
    metrics = [Metric("m", value, time, step) for time, step, value in points]
    if "reversed" in how:
        metrics.reverse()
    for group in [metrics] if "batch" in how else [[metric] for metric in metrics]:
        client.log_batch(run_id, group)
    found = latest_of(client, run_id, "m")
    assert found == latest or (math.isnan(found) and math.isnan(latest))


def test_log_metrics_at_once(client, active_run):
    mlflow.log_metrics({"a": 1, "b/c": -2.5, "ü x": 0.5}, step=4)
    run_id = active_run.info.run_id
    assert client.get_run(run_id).data.metrics == {"a": 1.0, "b/c": -2.5, "ü x": 0.5}
    assert [step for _, step, _ in history_of(client, run_id, "ü x")] == [4]


def test_unknown_key_or_run_has_no_history(client, api, run_id):
    assert client.get_metric_history(run_id, "nobody") == []
    assert api.get("metrics/get-history", run_id="0" * 32, metric_key="m") == {}


def test_async_points_arrive_exactly(client, active_run):
    """Thousands of points of ten metrics; the client sends them from a pool, in no order."""
    keys, steps = [f"m{index}" for index in range(10)], range(1, 301)
    for step in steps:
        values = {key: step / 8 + index for index, key in enumerate(keys)}
        mlflow.log_metrics(values, step=step, timestamp=step, synchronous=False)
    mlflow.flush_async_logging()
    run_id = active_run.info.run_id
    for index, key in enumerate(keys):
        expected = [(step, step, step / 8 + index) for step in steps]
        assert history_of(client, run_id, key) == expected
    last = {key: steps[-1] / 8 + index for index, key in enumerate(keys)}
    assert client.get_run(run_id).data.metrics == last


def test_concurrent_writers(client, api, run_id):
    writers, batches, size = 4, 6, 25
    failures = []

    def write(writer):
        try:
            for batch in range(batches):
                steps = [(batch * size + i) * writers + writer for i in range(size)]
                client.log_batch(run_id, [Metric("m", s * 0.5, s, s) for s in steps])
                client.set_tag(run_id, f"writer-{writer}", str(batch))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(each,)) for each in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    total = writers * batches * size
    assert history_of(client, run_id, "m") == [(s, s, s * 0.5) for s in range(total)]
    assert latest_of(client, run_id, "m") == (total - 1) * 0.5
    assert api.tags(run_id)["writer-0"] == str(batches - 1)


# -- reading a long history ------------------------------------------------------


LONG = 26_000


@pytest.fixture(scope="module")
def long_run(client, api):
    """A run with LONG points of one metric: more than a client asks for at once."""
    run_id = api.create_run(api.create_experiment())
    for first in range(0, LONG, 1000):
        points = [Metric("m", step * 0.25, 1000 + step, step) for step in range(first, first + 1000)]
        client.log_batch(run_id, points)
    return run_id


def test_long_history_comes_whole(client, long_run):
    expected = [(1000 + step, step, step * 0.25) for step in range(LONG)]
    assert history_of(client, long_run, "m") == expected


def test_history_pages(api, long_run):
    steps, token, sizes = [], None, []
    while token or not sizes:
        query = {"page_token": token} if token else {}
        page = api.get(
            "metrics/get-history", run_id=long_run, metric_key="m", max_results=10_000, **query
        )
        steps += [row["step"] for row in page["metrics"]]
        sizes.append(len(page["metrics"]))
        token = page.get("next_page_token")
    assert steps == list(range(LONG))
    assert sizes == [10_000, 10_000, 6_000]


def test_history_sampled_over_an_interval(api, long_run):
    path = "metrics/get-history-bulk-interval"
    query = {"run_ids": long_run, "metric_key": "m", "max_results": 10}
    rows = api.get(path, **query, start_step=100, end_step=1099)["metrics"]
    assert [row["step"] for row in rows] == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1099]
    assert {row["run_id"] for row in rows} == {long_run}
    rows = api.get(path, run_ids=[long_run, "0" * 32], metric_key="m", max_results=2)["metrics"]
    assert [row["step"] for row in rows] == [0, LONG - 1]
    message = api.refused(path, method="GET", params={**query, "start_step": 3})
    assert "both must be specified" in message


def test_history_in_bulk_for_the_ui(api, long_run):
    path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    rows = api.get(path, run_id=long_run, metric_key="m", max_results=3)["metrics"]
    assert rows == [
        {"key": "m", "run_id": long_run, "step": s, "timestamp": 1000 + s, "value": s * 0.25}
        for s in range(3)
    ]


def test_history_refuses(api, long_run):
    for query in ({"max_results": 0}, {"max_results": -1}, {"page_token": "%%%", "max_results": 5}):
        params = {"run_id": long_run, "metric_key": "m", **query}
        api.refused("metrics/get-history", method="GET", params=params)


def test_timestamps_default_to_now(client, active_run):
    before = now_ms()
    mlflow.log_metric("m", 1)
    ((timestamp, step, _),) = history_of(client, active_run.info.run_id, "m")
    assert before <= timestamp <= now_ms()
    assert step == 0
