"""EVoC beside the clustering that topics use, on the stored vectors of a set that knows the truth.

python -m benchmarks.clustering DIR [--attribute topic], after `pip install --no-deps evoc==0.3.2`; prints JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmarks import product


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--attribute", default="topic")
    arguments = parser.parse_args()
    product.start()
    print(json.dumps(compare(arguments.folder, arguments.attribute)))


def compare(folder: Path, attribute: str) -> dict[str, Any]:
    """`nmi` counts what is assigned to nothing as one topic; `nmi_of_assigned` leaves it out."""
    from search.embedding.spaces.lifecycle import active_space
    from search.evaluation.datasets import load_labelled_dataset
    from search.evaluation.scratch import scratch_collection
    from search.insight.reading.vectors import survey

    dataset = load_labelled_dataset(folder, attribute)
    with scratch_collection(dataset.items, on_progress=lambda done: None) as collection:
        found = survey(collection, active_space())
        names = dict(collection.items.values_list("id", "external_id"))
    known = [n for n, pk in enumerate(found.ids.tolist()) if names[pk] in dataset.values]
    truth = [dataset.values[names[found.ids[n]]] for n in known]
    vectors = found.vectors[known]
    return {
        "items": len(truth),
        "values": len(set(truth)),
        "evoc": of_evoc(vectors, truth),
        "akin": of_akin(vectors, truth),
    }


def of_evoc(vectors: Any, truth: list[str]) -> dict[str, Any]:
    import evoc

    started = time.perf_counter()
    model = evoc.EVoC(random_state=0)
    model.fit_predict(vectors)
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 1), "layers": [agreement(layer, truth) for layer in model.cluster_layers_]}


def of_akin(vectors: Any, truth: list[str]) -> dict[str, Any]:
    from search.insight.topics.clustering import learn, place, smoothed

    started = time.perf_counter()
    tree = learn(smoothed(vectors))
    fine = place(vectors, tree.fine)
    seconds = time.perf_counter() - started
    own = learn(smoothed(vectors), coarse_number=len(set(truth)))
    layers = [fine, tree.parents[fine], own.parents[place(vectors, own.fine)]]
    return {"seconds": round(seconds, 1), "layers": [agreement(layer, truth) for layer in layers]}


def agreement(labels: Any, truth: list[str]) -> dict[str, Any]:
    from sklearn.metrics import normalized_mutual_info_score as nmi

    assigned = labels >= 0
    kept = [value for value, is_in in zip(truth, assigned, strict=True) if is_in]
    return {
        "topics": len(set(labels[assigned].tolist())),
        "unassigned": round(float(1 - assigned.mean()), 4),
        "nmi": round(float(nmi(truth, labels)), 4),
        "nmi_of_assigned": round(float(nmi(kept, labels[assigned])), 4),
    }


if __name__ == "__main__":
    main()
