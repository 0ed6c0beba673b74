"""What Discord answers over HTTP: GET /gateway, GET /gateway/bot, what clients ask of the bot itself when they start, and refusals."""
from __future__ import annotations

import json
import math
import re
from typing import Any, Optional

from .plans import Plan
from .settings import Settings
from .sockets import Answer

PATH = re.compile(r"/api(?:/v(\d+))?(/.*)")


def bot_user(settings: Settings) -> dict[str, Any]:
    return {"id": "1", "username": "stand-in", "discriminator": "0", "global_name": None, "avatar": None, "bot": True, "system": False,
            "mfa_enabled": True, "verified": True, "email": None, "flags": 0, "public_flags": 0, "banner": None, "accent_color": None,
            "locale": "en-US", "premium_type": 0, "avatar_decoration_data": None, "clan": None}


def application(settings: Settings) -> dict[str, Any]:
    return {"id": "1", "name": "stand-in", "icon": None, "description": "", "bot_public": True, "bot_require_code_grant": False,
            "verify_key": "0" * 64, "flags": 0, "summary": "", "team": None, "owner": bot_user(settings), "hook": True, "type": None,
            "approximate_guild_count": 3, "approximate_user_install_count": 0}


def gateway_bot(settings: Settings, url: str) -> dict[str, Any]:
    limit = {**settings.identify_limit, "max_concurrency": settings.max_concurrency}
    return {"url": url, "shards": settings.shards, "session_start_limit": limit}


def answer(settings: Settings, url: str, path: str, token: Optional[str]) -> Answer:
    """To a request other than an upgrade, without any plan."""
    match = PATH.fullmatch(path)
    if not match or (match[1] and int(match[1]) not in settings.versions):
        return as_json(404, {"message": "404: Not Found", "code": 0})
    if match[2] == "/gateway":
        return as_json(200, {"url": url})
    if match[2] == "/gateway/bot" and settings.api_status:
        return as_json(settings.api_status, {"message": "as you wish"})
    if token != f"Bot {settings.token}":
        return as_json(401, {"message": "401: Unauthorized", "code": 0})
    if match[2] == "/gateway/bot":
        return as_json(200, gateway_bot(settings, url))
    if match[2] == "/users/@me":
        return as_json(200, bot_user(settings))
    if match[2] in ("/oauth2/applications/@me", "/applications/@me"):
        return as_json(200, application(settings))
    return as_json(404, {"message": "404: Not Found", "code": 0})


def is_gateway_bot(path: str) -> bool:
    match = PATH.fullmatch(path)
    return bool(match) and match[2] == "/gateway/bot"  # type: ignore[index]


def refusal(plan: Plan) -> Answer:
    """status; retry_after (seconds) in a header, in a JSON body, or in both; or a body that is no JSON, as a proxy in front of Discord has it."""
    status = plan.details.get("status", 503)
    wait = plan.details.get("retry_after")
    headers = {} if wait is None or not plan.details.get("header", True) else {"Retry-After": str(math.ceil(wait))}
    if "body" in plan.details:
        return Answer(status, plan.details["body"].encode(), {**headers, "Content-Type": "text/html"})
    if wait is not None and plan.details.get("json", True):
        body = {"message": "You are being rate limited.", "retry_after": wait, "global": plan.details.get("global", False)}
        return as_json(status, body, headers)
    return as_json(status, {"message": f"{status}: as a test planned it", "code": 0}, headers)


def as_json(status: int, body: Any, headers: Optional[dict[str, str]] = None) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})
