"""Monitors, as scripts use them: statistics against SciPy's, alerts beside a stock client."""

import time

import pytest
from mlflow import MlflowClient

from support import Api, now_ms

np = pytest.importorskip("numpy")
special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")

pytestmark = pytest.mark.ours_only

TIDEMARK = "/api/2.0/tidemark"
PAIRS = 1000
CLOSE = 1e-9


def stability(expected, actual, bins: int = 10) -> float:
    """The population stability index over the expected sample's quantile bins, by SciPy's relative entropies."""
    edges = np.unique(np.quantile(expected, np.arange(1, bins) / bins))
    borders = np.concatenate([[-np.inf], np.nextafter(edges, np.inf), [np.inf]])

    def shares(sample):
        return np.maximum(np.histogram(sample, borders)[0] / len(sample), 1e-4)

    p, q = shares(actual), shares(expected)
    return float((special.rel_entr(p, q) + special.rel_entr(q, p)).sum())


def test_statistics_are_those_of_scipy(api: Api):
    rng = np.random.default_rng(20261121)
    for i in range(PAIRS):
        n, m = (int(size) for size in rng.integers(1, 3000 if i % 50 == 0 else 300, 2))
        m = n if i % 7 == 0 else m
        sample = rng.normal(rng.choice([0, 0.02, 0.1, 0.3, 1]), rng.choice([1, 1.5]), n)
        baseline = rng.normal(0, 1, m)
        if i % 5 == 0:
            sample, baseline = sample.round(1), baseline.round(1)
        wanted = stats.ks_2samp(sample, baseline)
        body = {"sample": sample.tolist(), "baseline": baseline.tolist()}
        got = api.post(f"{TIDEMARK}/statistics/compare", body)
        assert abs(got["ks"]["statistic"] - wanted.statistic) < CLOSE, (i, n, m)
        assert abs(got["ks"]["p_value"] - wanted.pvalue) < CLOSE, (i, n, m)
        assert abs(got["psi"] - stability(baseline, sample)) < CLOSE, (i, n, m)


def alerts_of(api: Api, run_id: str, count: int) -> list[dict]:
    deadline = time.time() + 5
    while time.time() < deadline:
        found = api.get(f"{TIDEMARK}/alerts", run_id=run_id)["alerts"]
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{found} instead of {count} alerts")


def test_a_dip_of_a_client_s_metric_fires(api: Api, client: MlflowClient, experiment: str, run_id: str):
    api.post(
        f"{TIDEMARK}/monitors",
        {
            "metric": "val/auc",
            "scope": {"experiment_id": experiment},
            "condition": {"type": "threshold", "value": 0.9},
            "consecutive": 2,
        },
    )
    for step, value in enumerate([0.95, 0.89, 0.91, 0.88, 0.87]):
        client.log_metric(run_id, "val/auc", value, step=step)
    (alert,) = alerts_of(api, run_id, 1)
    assert (alert["state"], alert["opened_step"], alert["evidence"]["value"]) == ("firing", 4, 0.87)


def test_changes_and_quantiles_are_those_of_numpy(api: Api, experiment: str, run_id: str):
    values = np.random.default_rng(3).normal(0, 1, 60).tolist()
    start = now_ms() - 1000
    metrics = [{"key": "x", "value": v, "timestamp": start + i, "step": i} for i, v in enumerate(values)]
    api.post("runs/log-batch", {"run_id": run_id, "metrics": metrics})
    common = {"metric": "x", "scope": {"run_id": run_id}, "direction": "either"}
    trailing = {"points": 50}
    change = api.post(
        f"{TIDEMARK}/monitors/preview", {**common, "condition": {"type": "change", "z": 1e-9, "trailing": trailing}}
    )
    evidence = change["alerts"][0]["fired"]["evidence"]
    before = values[:50]
    assert evidence["statistic"] == pytest.approx((values[50] - np.mean(before)) / stats.tstd(before), abs=CLOSE)
    for aggregate, q in [("p50", 0.5), ("p95", 0.95)]:
        body = {**common, "direction": "min", "aggregate": aggregate, "window": {"points": 60}}
        answer = api.post(f"{TIDEMARK}/monitors/preview", {**body, "condition": {"type": "threshold", "value": -99}})
        assert answer["now"][0]["value"] == pytest.approx(np.quantile(values, q), abs=CLOSE)
