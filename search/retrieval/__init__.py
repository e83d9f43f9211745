"""From a query to ranked hits: two legs, fusion, filters, facets, snippets and explanation."""
