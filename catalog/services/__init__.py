"""Every write to the catalog: admin, API, form and import call these functions."""
