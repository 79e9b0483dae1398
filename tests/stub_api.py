#!/usr/bin/env python3
"""A scripted stand-in on loopback for the services of four models, so that real agent programs can be tried without one.

  POST /v1/messages                                Anthropic Messages       (claude)
  POST /v1/responses                               OpenAI Responses         (codex)
  POST /v1/chat/completions                        OpenAI Chat Completions  (opencode)
  POST /v1beta/models/M:[stream]generateContent    Gemini                   (gemini)

usage: stub_api.py SCRIPT.json PORT-FILE [REQUESTS.jsonl]

The port that it got is written to PORT-FILE; of each request, a line goes to REQUESTS.jsonl. The script is
  {"routes": [{"match": "regex", "steps": [STEP, ...]}, ...]}
A request is answered by the first route whose "match" is found in its texts (instructions and all messages), with the step that is as far
on as the model has spoken in that request already; past the last step, the last one answers again. So nothing has to be remembered, and
many agents can be served at once. Requests that offer no tools (for titles, summaries) get a fixed text.
STEP: {"text": "..."}                             says it
      {"tool": NAME, "input": {..}, "text": ""}   uses a tool
      {"status": 429, "type": "..", "message": "..", "headers": {..}, "times": 2, "then": STEP}
                                                  refuses; with "times", that often only
      {"disconnect": true}                        goes away without an answer
  and: "delay_s": 60 before it answers, "stop": the reason why the model stopped
"${folder}" in a string is the agent's folder, as its prompt names it.
"""
import json
import os
import re
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK, REFUSED = threading.Lock(), {}
FOLDER = re.compile(r"Your folder is (`+) ?(.+?) ?\1")
BY_MODEL = {"function_call", "custom_tool_call", "reasoning"}


def texts(value):
    """All strings in a JSON value, joined."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return "\n".join(texts(item) for item in value)
    return value if isinstance(value, str) else ""


def turns(messages):
    """How often the model has spoken: runs of messages by it."""
    told = [m for m in messages if isinstance(m, dict) and m.get("role") not in ("system", "developer")]
    spoken = [m.get("role") in ("assistant", "model") or m.get("type") in BY_MODEL for m in told]
    return sum(now and not before for before, now in zip([False] + spoken, spoken))


def filled(value, folder):
    if isinstance(value, str):
        return value.replace("${folder}", folder)
    if isinstance(value, list):
        return [filled(item, folder) for item in value]
    return {k: filled(v, folder) for k, v in value.items()} if isinstance(value, dict) else value


def chosen(script, body, messages):
    told = texts([body.get(key) for key in ("system", "instructions", "systemInstruction")] + [messages])
    if not body.get("tools"):
        return {"text": "Nothing to add."}
    number, route = next(((n, r) for n, r in enumerate(script["routes"]) if re.search(r["match"], told)), (0, None))
    if route is None:
        return {"status": 400, "type": "no_route", "message": "the script has nothing for this prompt"}
    at = turns(messages)
    step = route["steps"][min(at, len(route["steps"]) - 1)]
    while "times" in step:
        with LOCK:
            REFUSED[number, at] = REFUSED.get((number, at), 0) + 1
            if REFUSED[number, at] <= step["times"]:
                break
        step = step["then"]
    folder = FOLDER.search(told)
    return filled(step, folder.group(2) if folder else ".")


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(200, {})

    def do_GET(self):
        self.answer(200 if self.path.split("?")[0].endswith("/models") else 404, {"data": [], "models": []})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.split("?")[0]
        if path.endswith(("count_tokens", ":countTokens")):
            return self.answer(200, {"input_tokens": len(raw) // 4, "totalTokens": len(raw) // 4})
        form = next((form for end, form in FORMS.items() if end in path), None)
        if form is None:
            return self.answer(404, {"error": {"message": "no " + path}})
        body = json.loads(raw)
        messages = body.get("messages") or body.get("input") or body.get("contents") or []
        step = chosen(json.load(open(sys.argv[1])), body, messages)
        self.note({"path": path, "turn": turns(messages), "step": step, "tools": texts(body.get("tools"))[:200000]})
        time.sleep(step.get("delay_s", 0))
        if step.get("disconnect"):
            self.close_connection = True
        elif "status" in step:
            self.refuse(step, form)
        else:
            form(self, body, step, {"in": len(raw) // 4, "out": 20})

    def note(self, what):
        if len(sys.argv) > 3:
            with LOCK, open(sys.argv[3], "a") as file:
                file.write(json.dumps(what) + "\n")

    def refuse(self, step, form):
        kind, message = step.get("type", "api_error"), step.get("message", "refused")
        error = {"type": kind, "message": message, "code": kind}
        if form is as_gemini:
            error = {"code": step["status"], "message": message, "status": kind}
        self.answer(step["status"], {"type": "error", "error": error}, step.get("headers"))

    def answer(self, status, value, headers=None):
        text = json.dumps(value).encode()
        self.send_response(status)
        for name, content in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, str(content))
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def stream(self, events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in events:
            name = f"event: {event['type']}\n" if isinstance(event, dict) and "type" in event else ""
            data = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"{name}data: {data}\n\n".encode())
            self.wfile.flush()


def fresh(prefix):
    return prefix + uuid.uuid4().hex[:16]


def says(step):
    """A text, unless only a tool is used."""
    return step.get("text", "") or ("" if "tool" in step else "ok")


def as_anthropic(service, body, step, used):
    blocks = [{"type": "text", "text": says(step)}] if says(step) else []
    if "tool" in step:
        blocks.append({"type": "tool_use", "id": fresh("toolu_"), "name": step["tool"], "input": step["input"]})
    stop = step.get("stop") or ("tool_use" if "tool" in step else "end_turn")
    message = {"id": fresh("msg_"), "type": "message", "role": "assistant", "model": body.get("model"), "content": blocks,
               "stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": used["in"], "output_tokens": used["out"]}}
    if not body.get("stream"):
        return service.answer(200, message)
    events = [{"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}]
    for index, block in enumerate(blocks):
        is_tool = block["type"] == "tool_use"
        empty = {**block, **({"input": {}} if is_tool else {"text": ""})}
        delta = ({"type": "input_json_delta", "partial_json": json.dumps(block["input"])} if is_tool
                 else {"type": "text_delta", "text": block["text"]})
        events += [{"type": "content_block_start", "index": index, "content_block": empty},
                   {"type": "content_block_delta", "index": index, "delta": delta},
                   {"type": "content_block_stop", "index": index}]
    ending = {"stop_reason": stop, "stop_sequence": None}
    service.stream(events + [{"type": "message_delta", "delta": ending, "usage": {"output_tokens": used["out"]}},
                             {"type": "message_stop"}])


def as_responses(service, body, step, used):
    items = []
    if says(step):
        content = [{"type": "output_text", "text": says(step), "annotations": []}]
        items.append({"type": "message", "id": fresh("msg_"), "role": "assistant", "status": "completed", "content": content})
    if "tool" in step:
        items.append({"type": "function_call", "id": fresh("fc_"), "call_id": fresh("call_"), "name": step["tool"],
                      "status": "completed", "arguments": json.dumps(step["input"])})
    usage = {"input_tokens": used["in"], "input_tokens_details": {"cached_tokens": 0}, "output_tokens": used["out"],
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": used["in"] + used["out"]}
    response = {"id": fresh("resp_"), "object": "response", "model": body.get("model"), "status": "completed",
                "output": items, "usage": usage}
    events = [{"type": "response.created", "response": {**response, "status": "in_progress", "output": [], "usage": None}}]
    for index, item in enumerate(items):
        events += [{"type": "response.output_item.added", "output_index": index, "item": {**item, "status": "in_progress"}},
                   {"type": "response.output_item.done", "output_index": index, "item": item}]
    service.stream(events + [{"type": "response.completed", "response": response}])


def as_chat(service, body, step, used):
    message = {"role": "assistant", "content": says(step)}
    if "tool" in step:
        function = {"name": step["tool"], "arguments": json.dumps(step["input"])}
        message["tool_calls"] = [{"index": 0, "id": fresh("call_"), "type": "function", "function": function}]
    stop = step.get("stop") or ("tool_calls" if "tool" in step else "stop")
    usage = {"prompt_tokens": used["in"], "completion_tokens": used["out"], "total_tokens": used["in"] + used["out"]}
    answer = {"id": fresh("chatcmpl-"), "created": int(time.time()), "model": body.get("model")}
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": stop}
        return service.answer(200, {**answer, "object": "chat.completion", "usage": usage, "choices": [choice]})
    answer["object"] = "chat.completion.chunk"
    service.stream([{**answer, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
                    {**answer, "choices": [{"index": 0, "delta": {}, "finish_reason": stop}], "usage": usage}, "[DONE]"])


def as_gemini(service, body, step, used):
    parts = [{"text": says(step)}] if says(step) else []
    if "tool" in step:
        parts.append({"functionCall": {"name": step["tool"], "args": step["input"]}})
    candidate = {"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": step.get("stop") or "STOP"}
    usage = {"promptTokenCount": used["in"], "candidatesTokenCount": used["out"], "totalTokenCount": used["in"] + used["out"]}
    answer = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted", "responseId": fresh("r")}
    service.stream([answer]) if "streamGenerateContent" in service.path else service.answer(200, answer)


FORMS = {"/messages": as_anthropic, "/responses": as_responses, "/chat/completions": as_chat, "enerateContent": as_gemini}


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    with open(sys.argv[2] + ".new", "w") as file:
        file.write(str(server.server_port))
    os.replace(sys.argv[2] + ".new", sys.argv[2])
    server.serve_forever()


main()
