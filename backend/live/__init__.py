"""The websocket of a series: prompts, commits and what others commit."""
