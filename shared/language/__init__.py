"""The languages in which people are written to: catalogues, which one a reader wants, moments with their zone."""
