"""Back-pointers and the ranking of finished hypotheses."""

from __future__ import annotations

import torch

from atento.decoding.history import ROOT, Finished, History


def test_a_trace_follows_its_parents() -> None:
    history = History()
    first = history.append(torch.tensor([[ROOT, ROOT]]), torch.tensor([[7, 8]]), torch.tensor([[-0.5, -1.0]]))
    second = history.append(first[:, [1, 1]], torch.tensor([[9, 3]]), torch.tensor([[-0.25, -2.0]]))
    assert history.trace(int(second[0, 0])) == ([8, 9], [-1.0, -0.25])
    assert history.trace(int(second[0, 1])) == ([8, 3], [-1.0, -2.0])
    assert history.trace(int(first[0, 0])) == ([7], [-0.5])
    assert history.trace(ROOT) == ([], [])


def test_the_best_finished_are_kept_and_the_earlier_of_equals() -> None:
    places, width = 20, 40
    finished = Finished(1, places, torch.device("cpu"))
    scores, kept = torch.tensor([[-1.0, -2.0]]).repeat(1, width // 2), []
    for step in range(3):
        nodes = torch.arange(step * width, (step + 1) * width).unsqueeze(0)
        finished.add(torch.ones_like(nodes, dtype=torch.bool), scores, scores * 2, nodes)
        kept.append(finished.nodes.tolist())
    assert kept == [[list(range(0, width, 2))]] * 3
    assert torch.equal(finished.totals, finished.scores * 2)


def test_what_did_not_end_is_not_kept() -> None:
    finished = Finished(2, 2, torch.device("cpu"))
    ended = torch.tensor([[False, True], [False, False]])
    finished.add(ended, torch.tensor([[-1.0, -2.0], [-1.0, -2.0]]), torch.zeros(2, 2), torch.tensor([[0, 1], [2, 3]]))
    assert finished.scores.tolist() == [[-2.0, -torch.inf], [-torch.inf, -torch.inf]]
    finished.select(torch.tensor([0]))
    assert (finished.nodes[0, 0].item(), len(finished.scores)) == (1, 1)
