"""Walks: what a model computes for a text, frame by frame, as a teacher would show it (S18 of the course)."""

from atento.inspection.walks.record import Walk
from atento.inspection.walks.walking import Walks, walk, walks_of

__all__ = ["Walk", "Walks", "walk", "walks_of"]
