"""Small sentence-transformers models, made on the spot: other models than the one Akin comes with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, processors  # type: ignore[import-untyped]

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "lamp", "number", "red", *map(str, range(30))]

SIZES: dict[str, Any] = {
    "vocab_size": len(WORDS),
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


def save_static_model(folder: Path) -> None:
    """Random static embeddings, 32 long."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    SentenceTransformer(modules=[StaticEmbedding(_tokenizer(), embedding_dim=32)]).save(str(folder))


def save_tiny_transformer(folder: Path) -> None:
    """A transformer of one layer with random weights, 32 long, for texts of at most 64 tokens."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    _save_tokenizer(folder / "bert")
    bert: Any = BertModel
    bert(BertConfig(**SIZES)).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder))


def save_tiny_cross_encoder(folder: Path) -> None:
    """A transformer of one layer with random weights that gives a number for two texts."""
    from transformers import BertConfig, BertForSequenceClassification

    _save_tokenizer(folder)
    bert: Any = BertForSequenceClassification
    config: Any = BertConfig
    bert(config(**SIZES, num_labels=1)).save_pretrained(folder)


def _save_tokenizer(folder: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    tokenizer = _tokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast: Any = PreTrainedTokenizerFast
    fast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    ).save_pretrained(folder)


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer
