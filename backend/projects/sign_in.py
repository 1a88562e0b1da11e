"""Sign-in with a limit on wrong passwords that all web processes share."""

from datetime import timedelta

from django.contrib.auth import authenticate, login
from django.http import HttpRequest
from django.utils import timezone

from backend.projects.models import FailedSignIn, User
from backend.protocol.errors import InvalidError, TooManyRequestsError

WINDOW = timedelta(minutes=15)
LIMIT_PER_PERSON = 10
LIMIT_PER_ADDRESS = 60


def sign_in(*, request: HttpRequest, username: str, password: str) -> User:
    """The person, whose session the request now carries."""
    address = request.META.get("REMOTE_ADDR", "")[:64]
    # Counted before the password is looked at: of many attempts at once, none slips past the limit.
    attempt = FailedSignIn.objects.create(username=username[:150], address=address)
    _require_below_limit(attempt)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise InvalidError("Username or password is wrong.", code="bad_credentials")
    FailedSignIn.objects.filter(username=attempt.username, address=address).delete()
    login(request, user)
    return user


def _require_below_limit(attempt: FailedSignIn) -> None:
    since = timezone.now() - WINDOW
    FailedSignIn.objects.filter(at__lt=since).delete()
    recent = FailedSignIn.objects.filter(address=attempt.address, at__gte=since)
    if recent.filter(username=attempt.username).count() > LIMIT_PER_PERSON or recent.count() > LIMIT_PER_ADDRESS:
        attempt.delete()
        minutes = int(WINDOW.total_seconds() // 60)
        raise TooManyRequestsError(
            f"Too many wrong passwords: at most {LIMIT_PER_PERSON} in {minutes} minutes. Try again later.",
            code="too_many_sign_ins",
        )
