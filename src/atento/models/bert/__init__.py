"""BERT, the encoder-only model of both directions (Devlin et al. 2019) and its family: configuration and model."""

from atento.models.bert.configuration import BertConfig
from atento.models.bert.encoder import BertEncoder
from atento.models.bert.heads import MaskedHead, NextSentenceHead

__all__ = ["BertConfig", "BertEncoder", "MaskedHead", "NextSentenceHead"]
