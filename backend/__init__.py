"""The web app: accounts, projects, versions, jobs, and the gateway to the engine."""

VERSION = "0.1.0"
