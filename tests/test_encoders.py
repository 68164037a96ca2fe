"""The encoder of views has the outputs and gradients of the plain layers that define it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from econsim import random
from econsim.game import Box, Discrete, Observation, Role
from econsim.nn import ActorCritic, Architecture, Categorical, Seen
from econsim.nn.encoders import ConvolutionalEncoder, Encoder

KEY = random.keys(3, 1)
ROWS, FLAGS = 50, 3
CONVOLUTIONS = ({"channels": 5}, {"channels": 7})


def encoder(
    embedding: int, workers: int, side: int, convolutions: tuple[dict[str, int], ...] = CONVOLUTIONS
) -> ConvolutionalEncoder:
    counts = (2,) * FLAGS + (workers + 2,) * 2
    role = Role("worker", 2, Box(0, 1, (2,)), Discrete(4), view=(FLAGS + 2, side, side), view_counts=counts)
    make = Architecture.model_validate({"convolutions": convolutions, "embedding": embedding})
    return ConvolutionalEncoder(role, make, KEY)


def views(workers: int, side: int) -> Tensor:
    flags = random.integers(KEY, 0, "flags", 2, (ROWS, FLAGS, side, side))[0]
    labels = random.integers(KEY, 0, "labels", workers + 2, (ROWS, 2, side, side))[0]
    return torch.cat([flags, labels], 1).to(torch.uint8)


def plain(network: ConvolutionalEncoder, view: Tensor) -> Tensor:
    """Apply the definition: flags and embedded labels (or: oneself, others), then convolutions, one after the other."""
    flags, labels = view[:, :FLAGS].float(), view[:, FLAGS:].long()
    if len(network.tables):
        embedded = [table[label].movedim(-1, 1) for table, label in zip(network.tables, labels.unbind(1), strict=True)]
    else:
        embedded = [(labels == 1).float(), (labels > 1).float()]
    hidden: Tensor = network.layers(torch.cat([flags, *embedded], 1))
    return hidden.flatten(1)


def gradients(network: nn.Module, output: Tensor) -> list[Tensor]:
    weight = random.normal(KEY, 0, "weights of outputs", tuple(output.shape))[0]
    return list(torch.autograd.grad((output * weight).sum(), list(network.parameters())))


# The second convolution reads pictures of 5 x 5 tiles, as a product, or of 12 x 12, as it is; 40 workers are too many
# for indicators.
@pytest.mark.parametrize(("embedding", "workers", "side"), [(0, 4, 11), (4, 4, 11), (4, 40, 11), (4, 4, 25)])
def test_views_are_encoded_as_by_the_plain_layers(embedding: int, workers: int, side: int) -> None:
    network, view = encoder(embedding, workers, side), views(workers, side)
    expected = plain(network, view)
    encoded = network(view)
    # Sums of about a hundred float32 numbers, in another order.
    torch.testing.assert_close(encoded, expected, atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(network(view), expected, atol=1e-5, rtol=1e-5)
    for ours, of_plain in zip(gradients(network, encoded), gradients(network, expected), strict=True):
        torch.testing.assert_close(ours, of_plain, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("embedding", [0, 4])
def test_no_gradient_of_a_small_picture_goes_through_a_convolution(embedding: int) -> None:
    network = encoder(embedding, workers=4, side=11)
    convolutions = [node for node in nodes(network(views(4, 11)).grad_fn) if "Convolution" in node.name()]
    assert convolutions
    assert all(node.next_functions[0][0] is None for node in convolutions)


def test_an_lstm_reads_the_inputs_of_all_steps_in_one_product() -> None:
    role = Role("worker", 2, Box(0, 1, (3,)), Discrete(4))
    network = Encoder(role, Architecture(hidden=(5,), recurrent=6), KEY)
    features = random.uniform(KEY, 0, "features", (2, 9, 3))[0]
    starts = torch.zeros(2, 9, dtype=torch.bool)
    encoded = network.over_time(Seen(features), torch.zeros(2, 12), starts)
    names = [node.name() for node in nodes(encoded.grad_fn)]
    assert names.count("MmBackward0") == 9  # the memory, at each step
    assert names.count("AddmmBackward0") <= 2  # the dense layer and the inputs of the gates
    memory, expected = torch.zeros(2, 12), []
    for step in range(9):
        output, memory_after = network(Seen(features[:, step]), memory)
        assert memory_after is not None
        memory = memory_after
        expected.append(output)
    # Rounding of float32 numbers below 1.
    torch.testing.assert_close(encoded, torch.stack(expected, 1), atol=1e-6, rtol=1e-6)


def nodes(end: Any) -> list[Any]:
    """Return all nodes of the graph of gradients that ends with a node."""
    visited, waiting = set(), [end]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in visited:
            visited.add(node)
            waiting += [before for before, _ in node.next_functions]
    return list(visited)


def test_masked_options_change_neither_entropy_nor_its_gradient() -> None:
    logits = random.normal(KEY, 0, "logits", (20, 4))[0].requires_grad_()
    among_masked = torch.cat([logits, torch.full((20, 6), torch.finfo(torch.float32).min)], -1)
    alone, masked = (Categorical((x.log_softmax(-1),), several=False).entropy() for x in (logits, among_masked))
    expected = torch.distributions.Categorical(logits=logits).entropy()  # type: ignore[no-untyped-call]
    weight = random.normal(KEY, 0, "weights of outputs", (20,))[0]
    for entropy in (alone, masked):
        torch.testing.assert_close(entropy, expected)
        ours, theirs = (torch.autograd.grad((x * weight).sum(), logits, retain_graph=True) for x in (entropy, expected))
        torch.testing.assert_close(ours, theirs)


# Numbers of filters that are and are not multiples of 8; contents of tiles in one part, and in two with more workers.
@pytest.mark.parametrize(
    ("embedding", "workers", "side", "convolutions"),
    [
        (0, 4, 11, CONVOLUTIONS),
        (4, 4, 11, ({"channels": 16}, {"channels": 32})),
        (2, 40, 9, ({"channels": 5, "stride": 1},)),
        (2, 200, 16, ({"channels": 8}, {"channels": 4}, {"channels": 3, "kernel": 2})),
    ],
)
def test_kernels_encode_views_as_the_plain_layers(
    embedding: int, workers: int, side: int, convolutions: tuple[dict[str, int], ...]
) -> None:
    pytest.importorskip("numba")
    network, view = encoder(embedding, workers, side, convolutions), views(workers, side)
    expected = plain(network, view)
    network.use_kernels(True)
    named = network.read(view.view(5, 10, *view.shape[1:]))
    assert named.dtype == torch.int16
    assert network.symbols is not None
    assert len(network.symbols.parts) == (1 if workers == 4 else 2)
    encoded = network(named.flatten(0, 1))
    # As above: sums of about a hundred float32 numbers, in another order.
    torch.testing.assert_close(encoded, expected, atol=1e-5, rtol=1e-5)
    for ours, of_plain in zip(gradients(network, encoded), gradients(network, expected), strict=True):
        torch.testing.assert_close(ours, of_plain, atol=1e-4, rtol=1e-4)
    network.use_kernels(False)
    assert torch.equal(network.read(view), view)
    torch.testing.assert_close(network(view), expected, atol=1e-5, rtol=1e-5)


def outputs_and_gradients(more: dict[str, Any], kernels: bool) -> list[Tensor]:
    role = Role("worker", 2, Box(0, 1, (3,)), Discrete(4), view=(FLAGS + 2, 11, 11), view_counts=(2,) * FLAGS + (6, 6))
    make = Architecture.model_validate({"convolutions": CONVOLUTIONS, "hidden": (8, 8), **more})
    network = ActorCritic(role, make, 0.0, KEY)
    network.use_kernels(kernels)
    features, everybody = random.uniform(KEY, 0, "features", (25, 2, 3))[0], torch.ones(25, 2, dtype=torch.bool)
    observation = Observation(features, everybody, everybody, view=views(4, 11).view(25, 2, -1, 11, 11))
    distribution, value, _ = network(network.sees(observation), network.first_memory(25, 2, "cpu"))
    assert isinstance(distribution, Categorical)
    output = torch.cat([*distribution.log_shares, value[..., None]], -1)
    return [output.detach(), *gradients(network, output)]


@pytest.mark.parametrize("more", [{"recurrent": 6}, {"shared_towers": True, "layer_norm": True, "embedding": 0}])
def test_policies_and_values_and_their_gradients_are_the_same_on_kernels(more: dict[str, Any]) -> None:
    pytest.importorskip("numba")
    both = (outputs_and_gradients(more, kernels) for kernels in (False, True))
    for of_tensors, of_kernels in zip(*both, strict=True):
        # Rounding of float32 numbers, in sums of some hundred.
        torch.testing.assert_close(of_kernels, of_tensors, atol=1e-5, rtol=1e-5)


def test_kernels_round_no_more_than_bfloat16_does() -> None:
    pytest.importorskip("numba")
    low = {"activation": "relu", "precision": "bfloat16"}
    found = outputs_and_gradients(low, kernels=True), outputs_and_gradients({"activation": "relu"}, kernels=False)
    for of_kernels, exact in zip(*found, strict=True):
        # A dozen roundings to 8 binary digits; torch's own convolution turns these gradients by a cosine of 0.9966.
        assert torch.cosine_similarity(of_kernels.float().flatten(), exact.flatten(), 0) > 0.99


def test_threads_do_not_change_gradients_by_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    network = encoder(0, 4, 11)
    network.use_kernels(True)
    monkeypatch.setattr("econsim.nn.symbols.VIEWS_AT_ONCE", 7)
    view = network.read(views(4, 11).repeat(4, 1, 1, 1))
    found = []
    for count in (1, 3):
        monkeypatch.setattr("econsim.kernels.threads.torch.get_num_threads", lambda count=count: count)
        sums = network.symbols.convolved(view, network.of_symbols, network.filters(True), network.layers[0].bias)
        found.append([sums, *torch.autograd.grad(sums.square().sum(), network.layers[0].parameters())])
    for one, several in zip(*found, strict=True):
        assert torch.equal(one, several)
