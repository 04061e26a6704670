"""Usage: serves_a_model.py LOG: a model on a port of the loopback, for the real clients of coding agents.

It prints its port once it listens, and speaks three dialects, each as a stream or in one piece: OpenAI's responses
(codex), its chat completions (opencode), and Gemini's. What the model does is scripted by the prompts: see
``model_script.py``. Each request is a line of LOG: when, the dialect, what the user said, the calls done since, and
what it was answered.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from model_script import Conversation, Move, Script

SCRIPT = Script()
LOCK = Lock()
OUTPUT = 20
"""So many tokens has each answer."""
Json = dict[str, Any]


class Model(BaseHTTPRequestHandler):
    """Answers one client."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""

    def do_GET(self) -> None:
        """Give the one model there is, to whoever asks what there is."""
        self._answer(200, {"object": "list", "data": [{"id": "fake-1", "object": "model"}], "models": []})

    def do_POST(self) -> None:
        """Answer in the dialect of the path."""
        body = self._read()
        path = self.path.split("?")[0]
        try:
            if path.endswith("/responses"):
                self._reply("responses", heard_in_responses(body), body, say_in_responses)
            elif path.endswith("/chat/completions"):
                self._reply("chat", heard_in_chat(body), body, say_in_chat)
            elif path.lower().endswith("generatecontent"):
                self._reply("gemini", heard_in_gemini(body), body, say_in_gemini)
            else:
                self._answer(200, {"totalTokens": 42})
        except (BrokenPipeError, ConnectionResetError):
            pass  # a client that was killed

    def _read(self) -> Json:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            raw = b"".join(self._chunks())
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        body: Json = json.loads(raw or b"{}")
        return body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _reply(self, dialect: str, heard: Conversation, body: Json, say: Any) -> None:
        move = SCRIPT.move(heard)
        note(dialect, heard, move, tokens_of(dialect, body))
        if move.status != 200 and not (move.is_told_late and dialect == "responses"):
            self._answer(move.status, refusal(dialect, move), {"Retry-After": "1"})
            return
        events = list(say(move, body))
        if not (body.get("stream") or "stream" in self.path.lower()):
            self._answer(200, whole(dialect, move, body))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
        if dialect == "chat":
            self.wfile.write(b"data: [DONE]\n\n")

    def _answer(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(raw), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(raw)


def note(dialect: str, heard: Conversation, move: Move, tokens: int) -> None:
    """Write down what was asked, and what is answered."""
    line = {
        "at": time.time(),
        "dialect": dialect,
        "said": [each[:200] for each in heard.said],
        "turns": move.turns,
        "input_tokens": tokens,
        "has_tools": bool(heard.tools),
        "done": heard.done,
        "status": move.status,
        "command": (move.arguments or {}).get("cmd") or (move.arguments or {}).get("command"),
        "text": move.text,
    }
    with LOCK, open(sys.argv[1], "a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def refusal(dialect: str, move: Move) -> Json:
    """Give the body of a refusal."""
    if dialect == "gemini":
        status = "RESOURCE_EXHAUSTED" if move.status == 429 else "INTERNAL"
        return {"error": {"code": move.status, "message": move.text, "status": status}}
    kind = "rate_limit_exceeded" if move.status == 429 else "server_error"
    return {"error": {"message": move.text, "type": kind, "code": kind}}


def whole(dialect: str, move: Move, body: Json) -> Json:
    """Give an answer in one piece: only clients' own small questions (a title, a choice) ask for it."""
    if dialect == "gemini":
        [answer] = say_in_gemini(move, body)
        return answer
    message = {"role": "assistant", "content": move.text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion", "model": "fake-1", "choices": [choice], "usage": chat_usage(body)}


# --- OpenAI's responses ----------------------------------------------------------------------------------------------


def heard_in_responses(body: Json) -> Conversation:
    """Take apart what codex asks."""
    said: list[str] = []
    done = 0
    for item in body.get("input") or []:
        if item.get("role") == "user":
            said.append(text_of(item.get("content")))
            done = done if said[-1].lstrip().startswith("<") else 0
        elif str(item.get("type")).endswith("call_output"):
            done += 1
    return Conversation(said, done, [tool.get("name", "") for tool in body.get("tools") or []])


def say_in_responses(move: Move, body: Json) -> Iterator[Json]:
    """Say it as codex expects it."""
    text = {"type": "output_text", "text": move.text}
    output: list[Json] = [{"type": "message", "role": "assistant", "id": "msg_1", "content": [text]}]
    if move.tool:
        arguments = json.dumps(move.arguments)
        call = {"type": "function_call", "id": "fc_1", "call_id": unique("call"), "name": move.tool}
        output.append({**call, "arguments": arguments})
    count = tokens_of("responses", body)
    usage = {"input_tokens": count, "output_tokens": OUTPUT, "total_tokens": count + OUTPUT}
    response = {"id": unique("resp"), "status": "in_progress"}
    yield {"type": "response.created", "response": response}
    if move.status != 200:
        yield {"type": "response.failed", "response": {**response, "status": "failed", **refusal("responses", move)}}
        return
    for index, item in enumerate(output):
        yield {"type": "response.output_item.added", "output_index": index, "item": item}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    done = {**response, "status": "completed", "output": output, "usage": usage}
    yield {"type": "response.completed", "response": done}


# --- OpenAI's chat completions ---------------------------------------------------------------------------------------


def heard_in_chat(body: Json) -> Conversation:
    """Take apart what opencode asks."""
    said: list[str] = []
    done = 0
    for message in body.get("messages") or []:
        if message.get("role") == "user":
            said.append(text_of(message.get("content")))
            done = 0
        elif message.get("role") == "tool":
            done += 1
    return Conversation(said, done, [tool.get("function", {}).get("name", "") for tool in body.get("tools") or []])


def say_in_chat(move: Move, body: Json) -> Iterator[Json]:
    """Say it as opencode expects it."""
    base = {"id": unique("chat"), "object": "chat.completion.chunk", "created": int(time.time()), "model": "fake-1"}

    def chunk(delta: Json, reason: str | None = None) -> Json:
        return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield chunk({"role": "assistant", "content": move.text})
    if move.tool:
        function = {"name": move.tool, "arguments": json.dumps(move.arguments)}
        yield chunk({"tool_calls": [{"index": 0, "id": unique("call"), "type": "function", "function": function}]})
    yield chunk({}, "tool_calls" if move.tool else "stop")
    yield {**base, "choices": [], "usage": chat_usage(body)}


def chat_usage(body: Json) -> Json:
    """Give what it cost."""
    count = tokens_of("chat", body)
    return {"prompt_tokens": count, "completion_tokens": OUTPUT, "total_tokens": count + OUTPUT}


# --- Gemini's --------------------------------------------------------------------------------------------------------


def heard_in_gemini(body: Json) -> Conversation:
    """Take apart what gemini asks."""
    said: list[str] = []
    done = 0
    for content in body.get("contents") or []:
        parts = content.get("parts") or []
        if any("functionResponse" in part for part in parts):
            done += 1
        elif content.get("role") == "user":
            texts = [part.get("text", "") for part in parts]
            text = "\n".join(each for each in texts if not each.startswith("<session_context"))
            if text:
                said.append(text)
                done = 0
    declared = [each for tool in body.get("tools") or [] for each in tool.get("functionDeclarations") or []]
    return Conversation(said, done, [each.get("name", "") for each in declared])


def say_in_gemini(move: Move, body: Json) -> Iterator[Json]:
    """Say it as gemini expects it; its own questions (which model, who speaks next) want JSON."""
    text = move.text
    if (body.get("generationConfig") or {}).get("responseMimeType") == "application/json":
        choice = {"model_choice": "flash", "reasoning": "none", "complexity_score": 1, "complexity_reasoning": "none"}
        text = json.dumps({**choice, "next_speaker": "user"})
    parts: list[Json] = [{"text": text}]
    if move.tool:
        parts.append({"functionCall": {"name": move.tool, "args": move.arguments}})
    count = tokens_of("gemini", body)
    usage = {"promptTokenCount": count, "candidatesTokenCount": OUTPUT, "totalTokenCount": count + OUTPUT}
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0, "finishReason": "STOP"}
    yield {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "fake-1", "responseId": unique("r")}


def tokens_of(dialect: str, body: Json) -> int:
    """Count: the more is carried, the more it costs."""
    carried = {"responses": "input", "chat": "messages", "gemini": "contents"}[dialect]
    return 100 + 10 * len(body.get(carried) or [])


def text_of(content: Any) -> str:
    """Give the text of a message, however it is wrapped."""
    if isinstance(content, str):
        return content
    return "\n".join(text_of(each.get("text", "") if isinstance(each, dict) else each) for each in content or [])


def unique(kind: str) -> str:
    """Make an id that nobody has."""
    return f"{kind}_{uuid.uuid4().hex[:12]}"


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()
