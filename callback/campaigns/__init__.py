"""Surveys by telephone (热线民调): a list or a query, a flow, quotas, hours; the robot dials, results are counted."""
