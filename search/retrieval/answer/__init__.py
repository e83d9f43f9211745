"""In: ranked items. Out: hits with snippet, band and explanation, and the facets beside them."""
