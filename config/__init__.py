"""The composition root: settings, URLs, processes and the services that Akin brings along."""
