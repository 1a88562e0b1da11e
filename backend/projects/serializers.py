"""The JSON of people, projects, members, phases and tokens."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from backend.projects.models import ApiToken, Membership, Phase, Project, User
from backend.projects.roles import Role

MOST_KEYS = 4  # of one command
MOST_COMMANDS = 300
MOST_LETTERS = 60


class Input(serializers.Serializer[Any]):
    """What a client sends. A field nobody knows is refused: most often it is a misspelt one."""

    @classmethod
    def read(cls, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = cls(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            known = ", ".join(self.fields)
            raise serializers.ValidationError(dict.fromkeys(unknown, f"Unknown field. There are: {known}."))
        return super().to_internal_value(data)


class PreferencesInput(Input):
    """What a person has chosen, and has seen of the tour.

    `keys`: those of the annotator's commands that differ from the usual ones.
    """

    keys = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=40), max_length=MOST_KEYS), required=False
    )
    tour_had = serializers.BooleanField(required=False)

    def validate_keys(self, value: dict[str, list[str]]) -> dict[str, list[str]]:
        if len(value) > MOST_COMMANDS:
            raise serializers.ValidationError(f"Keys of {len(value)} commands: the most are {MOST_COMMANDS}.")
        if long := [name for name in value if len(name) > MOST_LETTERS]:
            raise serializers.ValidationError(
                f"The command {long[0][:MOST_LETTERS]!r}… has {len(long[0])} letters: the most are {MOST_LETTERS}."
            )
        return value


class PreferencesOutput(serializers.Serializer[Any]):
    keys = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), default=dict)
    tour_had = serializers.BooleanField(default=False, help_text="The annotator's tour was seen or skipped.")


class PersonOutput(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="shown_name")

    class Meta:
        model = User
        fields = ("id", "name", "username")


class AuthorOutput(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="shown_name")

    class Meta:
        model = User
        fields = ("id", "name")


class ErrorOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


# ---- session and tokens -------------------------------------------------------------------------------------


class SignInInput(Input):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class SessionOutput(serializers.Serializer[Any]):
    user = PersonOutput(allow_null=True)
    csrf = serializers.CharField()


class TokenInput(Input):
    name = serializers.CharField(max_length=100)


class TokenOutput(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ("id", "name", "created_at", "last_used_at")


class NewTokenOutput(TokenOutput):
    token = serializers.CharField(help_text="Shown this once.")

    class Meta:
        model = ApiToken
        fields = ("id", "name", "created_at", "last_used_at", "token")


# ---- projects -----------------------------------------------------------------------------------------------


class ProjectInput(Input):
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)


class ArchiveQuery(serializers.Serializer[Any]):
    archived = serializers.BooleanField(default=False, help_text="Those in the archive instead of the others.")

    @classmethod
    def read(cls, request: Request) -> bool:
        query = cls(data=request.query_params)
        query.is_valid(raise_exception=True)
        archived: bool = query.validated_data["archived"]
        return archived


class ProjectListOutput(serializers.ModelSerializer[Membership]):
    """A project as its member sees it in the list. Series in the archive count for nothing."""

    id = serializers.UUIDField(source="project.id")
    name = serializers.CharField(source="project.name")
    description = serializers.CharField(source="project.description")
    series_count = serializers.IntegerField()
    frames = serializers.IntegerField()
    annotated_frames = serializers.IntegerField()
    proposals = serializers.IntegerField(help_text="Masks that wait for somebody to accept or discard them.")
    member_count = serializers.IntegerField()
    cover = serializers.UUIDField(allow_null=True, help_text="The series whose thumbnail stands for the project.")
    changed_at = serializers.DateTimeField(allow_null=True, help_text="When a series was imported or annotated last.")
    changed_by = AuthorOutput(allow_null=True)
    created_at = serializers.DateTimeField(source="project.created_at")
    archived_at = serializers.DateTimeField(source="project.archived_at", allow_null=True)

    class Meta:
        model = Membership
        fields = (
            "id",
            "name",
            "description",
            "role",
            "series_count",
            "frames",
            "annotated_frames",
            "proposals",
            "member_count",
            "cover",
            "changed_at",
            "changed_by",
            "created_at",
            "archived_at",
        )


class PhaseInput(Input):
    name = serializers.CharField(max_length=100)
    colour = serializers.RegexField(r"^#[0-9a-fA-F]{6}$", error_messages={"invalid": "Write it as #rrggbb."})
    key = serializers.RegexField(
        r"^[1-9]?$", allow_blank=True, required=False, error_messages={"invalid": "A digit from 1 to 9, or nothing."}
    )
    description = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class PhaseChangeInput(PhaseInput):
    order = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False)


class PhaseOutput(serializers.ModelSerializer[Phase]):
    class Meta:
        model = Phase
        fields = ("id", "name", "colour", "key", "description", "order")


class MemberInput(Input):
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)


class RoleInput(Input):
    role = serializers.ChoiceField(choices=Role.choices)


class MemberOutput(serializers.ModelSerializer[Membership]):
    user = PersonOutput()

    class Meta:
        model = Membership
        fields = ("user", "role")


class ProjectOutput(serializers.ModelSerializer[Project]):
    role = serializers.ChoiceField(choices=Role.choices, source="own_role")
    phases = PhaseOutput(many=True, source="own_phases")
    members = MemberOutput(many=True, source="own_members")
    archived_by = AuthorOutput(allow_null=True)

    class Meta:
        model = Project
        fields = (
            "id",
            "name",
            "description",
            "role",
            "settings_version",
            "created_at",
            "archived_at",
            "archived_by",
            "phases",
            "members",
        )
