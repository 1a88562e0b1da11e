"""Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload), for whoever began them.

Core protocol and the extensions creation, creation-with-upload, termination, expiration and checksum (SHA-256).
"""

import base64
import binascii
from collections.abc import Mapping
from functools import partial
from typing import IO, Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects.models import User
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.protocol.errors import DomainError, InvalidError
from backend.series import selectors, serializers, transfers
from backend.series.models import Transfer
from backend.series.permissions import require_transfer

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
PART = "application/offset+octet-stream"
_READ_BYTES = 1 << 20
_TOO_LARGE = 2**63


def _header(name: str, *, required: bool = True) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, required=required)


class VersionError(DomainError):
    """A client of another version of tus, or of none."""

    status = 412
    code = "tus_version"


class ContentTypeError(DomainError):
    """A part must say that it is one."""

    status = 415
    code = "unsupported_media_type"


class PartParser(BaseParser):
    """Leaves a part unread: the check of the CSRF token asks for fields of a form, of which a part has none."""

    media_type = PART

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return {}


class TusView(APIView):
    """Asks for the protocol's version and answers with it."""

    parser_classes = (PartParser, JSONParser)
    plain: ClassVar[tuple[str, ...]] = ("GET", "OPTIONS")  # ours and for the first question

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in self.plain and request.headers.get("Tus-Resumable") != VERSION:
            given = request.headers.get("Tus-Resumable", "none")
            raise VersionError(f"Tus-Resumable is {given}; this server speaks {VERSION}. Send that header.")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer["Tus-Resumable"] = answer["Tus-Version"] = VERSION
        answer["Cache-Control"] = "no-store"
        return answer

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        headers = {
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
            "Tus-Checksum-Algorithm": "sha256",
        }
        return Response(status=204, headers=headers)


class TransfersView(TusView):
    @extend_schema(responses=serializers.TransferOutput(many=True))
    def get(self, request: Request, project: UUID) -> Response:
        """The person's own that are not imported yet, the oldest first."""
        membership = require(signed_in(request), project, Role.ANNOTATOR)
        return Response(serializers.TransferOutput(selectors.transfers_of(project, membership.user), many=True).data)

    @extend_schema(
        request=None,
        parameters=[_header("Tus-Resumable"), _header("Upload-Length"), _header("Upload-Metadata")],
        responses={201: None},
    )
    def post(self, request: Request, project: UUID) -> Response:
        """Begins a transfer; its address is the answer's Location. The first part may come along."""
        membership = require(signed_in(request), project, Role.ANNOTATOR)
        name, modified_ms = _metadata(request.headers.get("Upload-Metadata", ""))
        size = _number(request, "Upload-Length")
        transfer = transfers.begin(
            project=membership.project,
            created_by=membership.user,
            name=name,
            size_bytes=size,
            modified_ms=modified_ms,
        )
        if request.content_type == PART:
            try:
                transfer = transfers.receive(transfer, _part(request, 0))
            except Exception:
                transfers.discard(transfer)  # nobody was told its address
                raise
        return Response(status=201, headers={"Location": f"/api/v1/transfers/{transfer.pk}", **_state(transfer)})


class TransferView(TusView):
    @extend_schema(exclude=True)
    def head(self, request: Request, transfer: UUID) -> Response:
        found = transfers.settle(self._own(request, transfer))
        metadata = {"filename": found.name}
        if found.modified_ms is not None:
            metadata["modified"] = str(found.modified_ms)
        told = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        return Response(
            headers={"Upload-Length": str(found.size_bytes), "Upload-Metadata": told, **_state(found)},
        )

    @extend_schema(
        request={PART: bytes},
        parameters=[
            _header("Tus-Resumable"),
            _header("Upload-Offset"),
            _header("Upload-Checksum", required=False),
        ],
        responses={204: None},
    )
    def patch(self, request: Request, transfer: UUID) -> Response:
        """Appends a part. After the last one the header Graticule-Upload names the upload."""
        found = self._own(request, transfer)
        if request.content_type != PART:
            raise ContentTypeError(f"Content-Type is {request.content_type or 'missing'}; a part is {PART}.")
        found = transfers.receive(found, _part(request, _number(request, "Upload-Offset")))
        return Response(status=204, headers=_state(found))

    @extend_schema(parameters=[_header("Tus-Resumable")], responses={204: None})
    def delete(self, request: Request, transfer: UUID) -> Response:
        transfers.discard(self._own(request, transfer))
        return Response(status=204)

    def _own(self, request: Request, transfer: UUID) -> Transfer:
        user = signed_in(request)
        assert isinstance(user, User)
        return require_transfer(user, transfer)


def _part(request: Request, offset: int) -> transfers.Part:
    # Django has the body in a file by now; it is never in memory as a whole.
    chunks = iter(partial(request._request.read, _READ_BYTES), b"")
    return transfers.Part(offset, chunks, _checksum(request.headers.get("Upload-Checksum")))


def _state(transfer: Transfer) -> dict[str, str]:
    ends = transfer.updated_at + transfers.LIFETIME
    headers = {"Upload-Offset": str(transfer.offset_bytes), "Upload-Expires": http_date(ends.timestamp())}
    return headers | ({"Graticule-Upload": str(transfer.upload_id)} if transfer.upload_id else {})


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and int(text[:20]) < _TOO_LARGE):
        raise InvalidError(f"{name} is {text!r}; it must be a whole number of bytes.")
    return int(text)


def _metadata(text: str) -> tuple[str, int | None]:
    """The file's name, and its own time in milliseconds where that is told."""
    values = {}
    for pair in text.split(","):
        key, _, encoded = pair.strip().partition(" ")
        try:
            values[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidError(f"Upload-Metadata: {key!r} is no text in Base64. Encode it as tus says.") from None
    modified = values.get("modified", "")
    known = modified.isascii() and modified.isdigit() and len(modified) < 16
    return values.get("filename", ""), int(modified) if known else None


def _checksum(text: str | None) -> bytes | None:
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    if algorithm != "sha256":
        raise InvalidError(f"Upload-Checksum: {algorithm!r} is unknown; sha256 is known.")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise InvalidError("Upload-Checksum is no Base64. Encode it as tus says.") from None
