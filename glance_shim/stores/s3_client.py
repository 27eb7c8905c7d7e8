"""The bucket of a store: calls to an engine that speaks S3, and its errors in our words.

botocore's own log lines hold keys and signatures; they are never written.
"""

from __future__ import annotations

import configparser
import logging
import os
import threading
from typing import Any

import botocore.config
import botocore.exceptions
import botocore.session
import urllib3.exceptions

from glance_shim import errors

log = logging.getLogger(__name__)

for library in ("botocore", "urllib3"):
    logging.getLogger(library).setLevel(logging.WARNING)

CONNECT_SECONDS = 5
ANSWER_SECONDS = 60
ATTEMPTS = 4
CONNECTIONS = 64

# What a call, or reading an answer, raises when it does not get to its end.
FAILURES = (
    botocore.exceptions.BotoCoreError,
    urllib3.exceptions.HTTPError,
    OSError,
)
UNREACHABLE = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)
NOT_THERE = ("404", "NoSuchKey", "NotFound", "NoSuchUpload")
FULL = ("QuotaExceeded", "EntityTooLarge", "507", "XMinioStorageFull", "InsufficientStorage")

REASONS = {
    "InvalidAccessKeyId": "the access key is not known there",
    "SignatureDoesNotMatch": "access key and secret key do not belong together",
    "AccessDenied": "the credentials do not allow it",
    "403": "the credentials do not allow it",
    "ExpiredToken": "the credentials have expired",
    "NoSuchBucket": "there is no bucket {bucket}",
    "RequestTimeTooSkewed": "the clocks of this host and of the object store differ",
    "PermanentRedirect": "the bucket {bucket} is in another region or at another host",
    "AuthorizationHeaderMalformed": "the region is not the one of the bucket {bucket}",
}


class Bucket:
    """One bucket, by the options of a store; nothing is connected before the first call."""

    def __init__(self, store_id: str, options: Any) -> None:
        self.store_id = store_id
        self.name: str = options.s3_store_bucket
        self._options = options
        host = options.s3_store_host
        self.endpoint = host if "://" in host else f"http://{host}"
        self._lock = threading.Lock()
        self._clients: dict[tuple[int, str], Any] = {}
        self._credentials = _credentials(store_id, options)

    def client(self, endpoint: str | None = None) -> Any:
        """The client of this process; connections cannot be shared with a parent."""
        endpoint = endpoint or self.endpoint
        mine = (os.getpid(), endpoint)
        with self._lock:
            if mine not in self._clients:
                self._clients = {k: v for k, v in self._clients.items() if k[0] == mine[0]}
                self._clients[mine] = self._made(endpoint)
            return self._clients[mine]

    def _made(self, endpoint: str) -> Any:
        options = self._options
        session = botocore.session.get_session()
        if self._credentials:
            session.set_credentials(*self._credentials)
        config = botocore.config.Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": options.s3_store_bucket_url_format},
            # Engines other than Amazon's do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return session.create_client(
            "s3",
            region_name=options.s3_store_region_name or "us-east-1",
            endpoint_url=endpoint,
            verify=options.s3_store_cacert or None,
            config=config,
        )

    def signed_url(self, key: str, seconds: int) -> str:
        """Where anybody may read the object for so long; nothing is asked for it."""
        return str(
            self.client().generate_presigned_url(
                "get_object", Params={"Bucket": self.name, "Key": key}, ExpiresIn=seconds
            )
        )

    def call(self, operation: str, **parameters: Any) -> Any:
        """Do one operation on the bucket, several times if it has to be.

        Raises `errors.BlobNotFound`, `errors.StoreFull`, `errors.StoreUnavailable`.
        """
        try:
            operate = getattr(self.client(), operation)
            return operate(Bucket=self.name, **parameters)
        except botocore.exceptions.ClientError as exc:
            code = str(exc.response.get("Error", {}).get("Code"))
            if code in NOT_THERE:
                raise errors.BlobNotFound(store_id=self.store_id) from None
            failure: BaseException = exc
        except FAILURES as exc:
            code, failure = "", exc
        reason = self.in_words(failure)
        log.error("Store %s: %s: %s", self.store_id, operation, reason)
        if code in FULL:
            raise errors.StoreFull(store_id=self.store_id) from None
        raise errors.StoreUnavailable(store_id=self.store_id) from failure

    def in_words(self, failure: BaseException) -> str:
        """Why a call failed, without what the engine says, which may repeat a key."""
        if isinstance(failure, botocore.exceptions.ClientError):
            code = str(failure.response.get("Error", {}).get("Code"))
            reason = REASONS.get(code, "it refuses")
            return f"{reason} ({code})".format(bucket=self.name)
        if isinstance(failure, botocore.exceptions.SSLError):
            return f"the certificate of {self.endpoint} is not trusted, or there is no TLS"
        if isinstance(failure, botocore.exceptions.ReadTimeoutError):
            return f"{self.endpoint} gave no answer in {ANSWER_SECONDS} seconds"
        if isinstance(failure, botocore.exceptions.NoCredentialsError):
            return (
                "there are no credentials: set s3_store_access_key and s3_store_secret_key, "
                "s3_store_credentials_file, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
                "in the environment"
            )
        if isinstance(failure, UNREACHABLE):
            return f"there is no connection to {self.endpoint}"
        return f"it failed ({type(failure).__name__})"

    def check(self, may_be_missing: bool = False) -> None:
        """Raise `errors.StoreUnusable`, which says why, unless the bucket can be listed."""
        try:
            self.client().list_objects_v2(Bucket=self.name, MaxKeys=1)
        except (botocore.exceptions.ClientError, *FAILURES) as exc:
            if may_be_missing and "NoSuchBucket" in str(getattr(exc, "response", "")):
                return
            reason = self.in_words(exc)
            raise errors.StoreUnusable(store_id=self.store_id, reason=reason) from None

    def exists(self) -> bool:
        """Is there such a bucket? Raises as `call`."""
        try:
            self.call("head_bucket")
        except errors.BlobNotFound:
            return False
        return True

    def size(self, key: str) -> int:
        """How many bytes the object has; raises as `call`."""
        return int(self.call("head_object", Key=key)["ContentLength"])


def _credentials(store_id: str, options: Any) -> tuple[str, str] | None:
    """Access key and secret key; ``None`` leaves them to the environment and its like."""
    named = options.s3_store_access_key, options.s3_store_secret_key
    if all(named):
        return named
    if any(named):
        raise errors.ConfigurationError(
            reason=f"store {store_id!r} needs s3_store_access_key and s3_store_secret_key, or "
            "neither of them"
        )
    path = options.s3_store_credentials_file
    if not path:
        return None
    file = configparser.ConfigParser(interpolation=None)
    try:
        with open(path) as lines:
            file.read_file(lines)
        section = file["default"]
        return section["aws_access_key_id"], section["aws_secret_access_key"]
    except (OSError, KeyError, configparser.Error, UnicodeDecodeError):
        raise errors.ConfigurationError(
            reason=f"store {store_id!r}: s3_store_credentials_file {path} must be readable and "
            "have a section [default] with aws_access_key_id and aws_secret_access_key"
        ) from None
