"""How the catalog says that something changed, without knowing who listens."""

from django.dispatch import Signal

# Sent after the commit that wrote items, with `collection_id`. It is a wake-up and carries no data:
# a listener that misses it finds the same work in the database.
items_changed = Signal()

# Sent after the commit that changed which pairs of a collection may be duplicates, or from which score on, with
# `collection`.
duplicate_policy_changed = Signal()

# Sent after the commit that asked for a run of the catalog's own: a wake-up for the workers, without data.
run_waits = Signal()
