"""The cohort explorer: counts over the extracts of a project, in a browser. Never rows.

Pages are made on the server; links with a query are all that a reader needs, no script and no form.
"""
