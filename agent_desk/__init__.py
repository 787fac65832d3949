"""The people side: HTTP API, live feed and the browser front end."""
