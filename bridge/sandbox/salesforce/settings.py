"""The settings of an org: what it accepts, how it is set up, where its limits are. All may be changed at run time."""

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.crm.settings import SHARED

DEFAULTS: Mapping[str, Any] = {
    **SHARED,
    # who may log in
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "username": "integration@sandbox.example",
    "password": "sandbox-password",
    "security_token": "sandbox-token",
    "refresh_token": "sandbox-refresh",
    "access_token": "00Dsandbox!given",  # a session that never ends
    "grants": ["client_credentials", "jwt", "password", "refresh_token", "soap"],
    "jwt_public_key": None,  # PEM; without one, the signature is not looked at
    "rotate_refresh_tokens": False,
    "session_calls": None,  # a session ends after so many calls
    "session_s": 7200,
    # what it is
    "org_id": "00D5e0000000001EAA",
    "org_name": "Sandbox",
    "time_zone": "America/Los_Angeles",
    "users": [],  # further ones: {"Username": …, "LastName": …, "IsActive": …}
    "queues": ["Web leads"],
    "objects": {},  # {"Lead": {"createable": true, "fields": {"Key__c": {"external_id": true, "unique": true}}}}
    "api_enabled": True,
    "newest_api": 68,
    # its rules
    "assignment_rules": {},  # {"Lead": "Web leads"}: to which queue
    "duplicate_rules": [],  # {"objects": ["Lead"], "against": ["Contact"], "field": "Email", "allow_save": true}
    "validation_rules": [],  # {"object": "Lead", "field": "Phone", "message": …, "at_field": true}
    "triggers": [],  # {"object": "Lead", "on": ["create"], "message": …, "code": …, "fields": […], "times": 3}
    "edit_converted_leads": False,
    "readonly_records": [],  # ids of records that the user may see and not touch
    # its limits
    "daily_requests": 100_000,
    "requests_used": 0,  # by others
    "concurrent_requests": 25,  # at once of those that take longer than long_request_s
    "long_request_s": 20,
    "storage_records": None,
}

NAMED_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "expired_session": {
        "status": 401,
        "body": [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    },
    "quota": {
        "status": 403,
        "body": [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
    },
    "concurrent": {
        "status": 403,
        "body": [
            {
                "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
                "errorCode": "REQUEST_LIMIT_EXCEEDED",
            }
        ],
    },
    "locked_row": {
        "status": 400,
        "body": [
            {
                "message": "unable to obtain exclusive access to this record or 1 records: 00Q5e0000000001EAA",
                "errorCode": "UNABLE_TO_LOCK_ROW",
                "fields": [],
            }
        ],
    },
    "trigger_lock": {
        "status": 400,
        "body": [
            {
                "message": "LeadTrigger: execution of AfterInsert caused by: System.DmlException: Update failed. First "
                "exception on row 0; first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record "
                "or 1 records: 0015e0000000001AAA: []",
                "errorCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "fields": [],
            }
        ],
    },
    "edge_page": {
        "status": 503,
        "headers": {"Content-Type": "text/html"},
        "body": "<html><body><h1>We are down for maintenance.</h1></body></html>",
    },
}
