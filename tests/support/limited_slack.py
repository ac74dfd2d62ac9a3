"""A double of Slack's Web API that limits rates as Slack does and does little else, so that it can be called often.

Slack's documentation gives the limits (https://docs.slack.dev/apis/web-api/rate-limits): one post a second and channel,
with short bursts, a limit of posts to the whole workspace, and for each other method a tier. Where it gives no number,
this has one: `POST_BURST`, `BURST_OF_TIER` and `Limits.workspace`.
"""

import asyncio
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from tests.support.waiting import PATIENCE

POST = "chat.postMessage"

POST_BURST = 5
"""How many posts a channel takes at once. "Short bursts" is all that is documented."""

BURST_OF_TIER = 20
"""How many calls of any other method are taken at once."""

TIERS = {"chat.update": 50, "conversations.list": 20, "users.list": 20, "users.info": 100, "chat.postEphemeral": 100}
OTHER_TIER = 50
"""Calls a minute. Most methods are of tier 3."""

UNLIMITED = {"auth.test"}


@dataclass(frozen=True)
class Limits:
    """What is taken.

    Attributes:
        posts: Posts a second to one channel.
        workspace: Posts a minute to all channels, of which a fifth may come at once; `None` for no such limit.
    """

    posts: float = 1.0
    workspace: int | None = None


@dataclass(frozen=True)
class Seen:
    """A call.

    Attributes:
        at: Seconds since the epoch at which it arrived.
        prompt: The id of the prompt whose card it is, by its metadata.
        thread: The timestamp of the message in whose thread it goes.
        ts: The timestamp of the message that it has posted or updated.
    """

    at: float
    method: str
    channel: str
    is_ok: bool
    prompt: str = ""
    thread: str = ""
    ts: str = ""


@dataclass
class _Bucket:
    """Tokens for calls, which come back at a steady rate."""

    rate: float
    burst: int
    tokens: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, self.at = float(self.burst), time.monotonic()

    def seconds_to_next(self) -> float:
        """Seconds until a call is taken."""
        now = time.monotonic()
        self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
        return max(0.0, (1 - self.tokens) / self.rate)


class LimitedSlack:
    """Answers in a thread of its own, in a `with` block.

    Args:
        host: Where it listens.
        latency: Seconds that each call takes.
    """

    def __init__(
        self,
        limits: Limits = Limits(),
        *,
        host: str = "127.0.0.1",
        latency: float = 0.0,
    ) -> None:
        self.calls: list[Seen] = []
        self._limits = limits
        self._latency = latency
        self._held: set[str] = set()
        self._released = asyncio.Event()
        self._stopping = asyncio.Event()
        self._arrived = threading.Condition()
        self._buckets: dict[str, _Bucket] = {}
        self._posted = 0
        self._listening = socket.create_server((host, 0), backlog=1024)
        self.url = f"http://{host}:{self._listening.getsockname()[1]}"
        self.api_url = f"{self.url}/api/"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="limited-slack", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def hold(self, *channels: str) -> None:
        """Execute what is called about these channels, by their ids, and do not answer until `release`."""
        self._held.update(channels)

    def release(self) -> None:
        """Answer what is held, and hold nothing more."""
        self._held.clear()
        self._loop.call_soon_threadsafe(self._released.set)

    def wait_until(self, look: Callable[[list[Seen]], bool], timeout: float = PATIENCE) -> list[Seen]:
        """Wait until `look` says yes to the calls so far. Returns them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: look(self.calls), timeout), self.calls
            return list(self.calls)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            # The runner cancels the requests that are under way at the end.
            runner.run(self._listen())

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._listening, limit=2**22)
        await self._stopping.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                path = head.split(" ", 2)[1]
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if path == "/calls":
                    answer: tuple[Any, float | None] = ([asdict(each) for each in self.calls], None)
                else:
                    answer = await self._answer(path.removeprefix("/api/"), _arguments(body, headers))
                _write(writer, *answer)
                await writer.drain()
                if headers.get("connection", "").lower() == "close":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], float | None]:
        """The body of the answer, and for how many seconds no more such calls are taken if this one is refused."""
        channel = f"C{str(arguments.get('channel', '')).removeprefix('#').removeprefix('C')}"
        pause, at = self._take(method, channel), time.time()
        result = self._result(method, channel, arguments) if pause is None else {}
        seen = Seen(
            at,
            method,
            channel,
            pause is None,
            prompt=str((arguments.get("metadata") or {}).get("event_payload", {}).get("prompt_id", "")),
            thread=str(arguments.get("thread_ts") or ""),
            ts=str(result.get("ts", "")),
        )
        with self._arrived:
            self.calls.append(seen)
            self._arrived.notify_all()
        if pause is not None:
            return {"ok": False, "error": "ratelimited"}, pause
        if channel in self._held:
            await self._released.wait()
        await asyncio.sleep(self._latency)
        return {"ok": True, **result}, None

    def _take(self, method: str, channel: str) -> float | None:
        if method in UNLIMITED:
            return None
        buckets = []
        if method == POST:
            buckets.append(self._bucket(f"{method} {channel}", self._limits.posts, POST_BURST))
            if self._limits.workspace is not None:
                buckets.append(self._bucket(method, self._limits.workspace / 60, self._limits.workspace // 5))
        else:
            buckets.append(self._bucket(method, TIERS.get(method, OTHER_TIER) / 60, BURST_OF_TIER))
        pause = max(bucket.seconds_to_next() for bucket in buckets)
        if pause > 0:
            return pause
        for bucket in buckets:
            bucket.tokens -= 1
        return None

    def _bucket(self, name: str, rate: float, burst: int) -> _Bucket:
        return self._buckets.setdefault(name, _Bucket(rate, burst))

    def _result(self, method: str, channel: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        match method:
            case "auth.test":
                return {"team_id": "T1", "user_id": "U0BOT", "bot_id": "B1", "team": "t", "user": "signoff"}
            case "chat.postMessage":
                self._posted += 1
                return {"channel": channel, "ts": f"{time.time():.0f}.{self._posted:06d}"}
            case "chat.update":
                return {"channel": channel, "ts": arguments.get("ts")}
            case "users.info":
                id_ = arguments.get("user")
                return {"user": {"id": id_, "team_id": "T1", "name": "ana", "profile": {"real_name": "Ana"}}}
            case "conversations.history" | "conversations.replies":
                return {"messages": []}
            case _:
                return {"members": [], "channels": [], "usergroups": [], "channel": {"id": channel}}


def _arguments(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    if headers.get("content-type", "").startswith("application/json"):
        decoded: dict[str, Any] = json.loads(body)
        return decoded
    arguments: dict[str, Any] = dict(parse_qsl(body.decode()))
    if "metadata" in arguments:
        arguments["metadata"] = json.loads(arguments["metadata"])
    return arguments


def _write(writer: asyncio.StreamWriter, body: Any, pause: float | None) -> None:
    content = json.dumps(body).encode()
    # Slack sends whole seconds.
    refused = "" if pause is None else f"Retry-After: {max(1, math.ceil(pause))}\r\n"
    status = "200 OK" if pause is None else "429 Too Many Requests"
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n{refused}\r\n".encode()
        + content
    )
