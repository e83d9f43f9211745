"""Evidence in the words of a curator."""

from __future__ import annotations

from typing import Any

from search.duplicates.evidence.scorer import Scorer, explain
from search.duplicates.evidence.terms import Evidence

LABELS = {
    "meaning": "Similarity of meaning",
    "title_words": "Words shared by the titles",
    "title_letters": "Letters of the titles alike",
    "title_contained": "One title says what the other says",
    "words": "Words shared by the texts",
    "words_contained": "One text says what the other says",
    "rarest_word": "Rarest word they share",
    "code": "Same model number",
    "code_conflict": "Different model numbers",
    "quantities": "Same measures and numbers",
    "quantity_conflict": "Different measures",
    "title_number_conflict": "Different numbers in the titles",
    "colour_conflict": "Different colours",
    "kind_conflict": "Different sizes or kinds",
    "attributes": "Attributes that agree",
    "attribute_conflict": "Attributes that differ",
    "price_gap": "Different price or amount",
    "sibling_codes": "Model numbers of one series",
    "name_conflict": "Names of one scheme that differ",
    "template": "One text with other words in the title",
    "twin": "Texts alike but for a difference that counts",
    "substitution": "Titles the same but for one word",
    "variant": "Titles alike but for what tells variants apart",
    "same_text": "Exactly the same text",
    "same_identifier": "Same identifier",
    "other_pairs": "What the other pairs of these items say",
}
SHOWN_LOG_ODDS = 0.05  # log-odds below which a term is not worth showing


def describe(evidence: Evidence, scorer: Scorer, other_pairs: float = 0.0) -> list[dict[str, Any]]:
    """The terms that count, the weightiest first; contributions are log-odds, below 0 against a duplicate.

    `other_pairs` is what structure added to the items' own log-odds.
    """
    terms = [
        {
            "name": term.name,
            "label": LABELS[term.name],
            "value": round(term.value, 3),
            "contribution": round(term.contribution, 2),
        }
        for term in explain(evidence, scorer)
    ]
    if other_pairs:
        name, said = "other_pairs", round(other_pairs, 2)
        terms.append({"name": name, "label": LABELS[name], "value": said, "contribution": said})
    shown = [term for term in terms if abs(float(str(term["contribution"]))) >= SHOWN_LOG_ODDS]
    return sorted(shown, key=lambda term: -abs(float(str(term["contribution"]))))
