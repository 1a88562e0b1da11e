"""People, projects, memberships with roles, phases."""
