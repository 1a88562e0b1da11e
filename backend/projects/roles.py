"""The roles of a membership, rising: each may do what those before it may."""

from typing import Literal

from django.db import models

RoleName = Literal["viewer", "reviewer", "annotator", "manager", "owner"]


class Role(models.TextChoices):
    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ANNOTATOR = "annotator"
    MANAGER = "manager"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return RANKS[self.value]

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may."""
        return self.rank >= needed.rank


RANKS = {value: rank for rank, value in enumerate(Role.values)}
