"""Trains a few small models and writes what a training loop would log, as curves.json.

Run: uv run --with scikit-learn --with numpy python bench/codec/curves.py
Timestamps are int(time.time() * 1000) at the moment of logging, values are what float(...) gives, as a client sends them.
"""

import json
import math
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

ITERATIONS = 768
curves = {}


def log(key, value, step):
    curves.setdefault(key, []).append((step, int(time.time() * 1000), float(value)))


digits = load_digits()
x = digits.data / 16
y = digits.target
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
classes = np.unique(y)


def fit_mlp():
    model = MLPClassifier((32,), random_state=0)
    for step in range(ITERATIONS):
        model.partial_fit(x_train, y_train, classes=classes)
        log("mlp/loss", model.loss_, step)
        log("mlp/train_accuracy", model.score(x_train, y_train), step)
        log("mlp/test_accuracy", model.score(x_test, y_test), step)


def fit_sgd():
    model = SGDClassifier(loss="log_loss", random_state=0)
    rng = np.random.default_rng(0)
    for step in range(ITERATIONS):
        batch = rng.choice(len(x_train), 64, replace=False)
        begun = time.perf_counter()
        model.partial_fit(x_train[batch], y_train[batch], classes=classes)
        log("sgd/fit_ms", (time.perf_counter() - begun) * 1000, step)
        log("sgd/test_loss", log_loss(y_test, model.predict_proba(x_test)), step)
        log("sgd/test_accuracy", round(model.score(x_test, y_test), 4), step)


def fit_float32():
    """Softmax regression with one hidden layer in float32, the way a PyTorch loop logs: .item() of float32 tensors."""
    rng = np.random.default_rng(1)
    data, labels = x_train.astype(np.float32), y_train
    w1 = rng.normal(0, 0.1, (64, 48)).astype(np.float32)
    w2 = rng.normal(0, 0.1, (48, 10)).astype(np.float32)
    started = time.time()
    for step in range(ITERATIONS):
        lr = 0.5 * min(1, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * step / ITERATIONS))
        batch = rng.choice(len(data), 128, replace=False)
        inputs, wanted = data[batch], labels[batch]
        hidden = np.maximum(inputs @ w1, 0)
        logits = hidden @ w2
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        rows = np.arange(128)
        loss = -np.log(chances[rows, wanted]).mean()
        accuracy = (chances.argmax(axis=1) == wanted).astype(np.float32).mean()
        chances[rows, wanted] -= 1
        chances /= np.float32(128)
        g2 = hidden.T @ chances
        g1 = inputs.T @ ((chances @ w2.T) * (hidden > 0))
        norm = np.sqrt((g1 * g1).sum() + (g2 * g2).sum())
        w1 -= np.float32(lr) * g1
        w2 -= np.float32(lr) * g2
        assert loss.dtype == accuracy.dtype == norm.dtype == np.float32
        log("torch_like/loss", loss, step)
        log("torch_like/batch_accuracy", accuracy, step)
        log("torch_like/lr", lr, step)
        log("torch_like/grad_norm", norm, step)
        log("torch_like/elapsed_s", time.time() - started, step)


fit_mlp()
fit_sgd()
fit_float32()


def columns(points):
    steps, timestamps, values = zip(*points)
    return {"steps": steps, "timestamps": timestamps, "values": values}


lines = [f"{json.dumps(key)}: {json.dumps(columns(points), separators=(',', ':'))}" for key, points in curves.items()]
Path(__file__).with_name("curves.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
