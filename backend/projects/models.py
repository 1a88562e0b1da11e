"""People and projects. Who may see a project is decided by its memberships alone."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from backend.projects.roles import Role


class User(AbstractUser):
    """`preferences`: what the person has chosen for all projects and machines, as `PreferencesInput` describes it."""

    preferences = models.JSONField(default=dict, blank=True)

    @property
    def shown_name(self) -> str:
        return self.get_full_name() or self.username


class Project(models.Model):
    """`settings_version` rises with every change of its phases; snapshots cite it, `PhaseList` keeps them.

    While `archived_at` is set nothing in it changes, its series neither, but for who may see it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=10_000, blank=True, default="")
    settings_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True)
    archived_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="projects"
    )

    class Meta:
        ordering = ("created_at", "id")
        constraints = (models.CheckConstraint(condition=~Q(name=""), name="project_has_name"),)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("project", "user"), name="one_membership_per_person"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Phase(models.Model):
    """A label class: colour and keyboard key are for the screen, `order` for lists."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="phases")
    name = models.CharField(max_length=100)
    colour = models.CharField(max_length=7)
    key = models.CharField(max_length=1, blank=True, default="")
    description = models.TextField(max_length=2000, blank=True, default="")
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("order", "name")
        constraints = (
            models.UniqueConstraint(fields=("project", "name"), name="phase_name_once"),
            models.UniqueConstraint(fields=("project", "key"), condition=~Q(key=""), name="phase_key_once"),
            models.CheckConstraint(condition=~Q(name=""), name="phase_has_name"),
            models.CheckConstraint(condition=Q(colour__regex=r"^#[0-9a-f]{6}$"), name="phase_colour_is_hex"),
            models.CheckConstraint(condition=Q(key__regex=r"^[1-9]?$"), name="phase_key_is_digit"),
        )

    def __str__(self) -> str:
        return self.name


class PhaseList(models.Model):
    """The project's phases at one `settings_version`, never changed: what cites that version finds them here.

    `phases` is [{id, name, colour}, …] in their order.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="phase_lists")
    settings_version = models.PositiveIntegerField()
    phases = models.JSONField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("project", "settings_version"), name="phase_list_once_a_settings_version"),
        )

    def __str__(self) -> str:
        return f"phases of {self.project_id} at settings version {self.settings_version}"


class ApiToken(models.Model):
    """A script's key. Only its SHA-256 is kept; 256 random bits need no slow hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.name


class FailedSignIn(models.Model):
    """One wrong password: counted over the last minutes, by every web process alike."""

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=("at",)),)

    def __str__(self) -> str:
        return f"{self.username} from {self.address}"
